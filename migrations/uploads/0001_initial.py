from orjson import loads
from tortoise import fields, migrations
from tortoise.fields.base import OnDelete
from tortoise.fields.data import JSON_DUMPS
from tortoise.indexes import Index
from tortoise.migrations import operations as ops
from tortoise.migrations.constraints import CheckConstraint

from marketplace.kit.ids import new_id


class Migration(migrations.Migration):
    dependencies = [("partners", "0001_initial")]

    initial = True

    operations = [
        ops.CreateModel(
            name="Upload",
            fields=[
                ("id", fields.UUIDField(primary_key=True, default=new_id, unique=True, db_index=True)),
                (
                    "partner",
                    fields.ForeignKeyField(
                        "partners.Partner",
                        source_field="partner_id",
                        db_index=True,
                        db_constraint=True,
                        to_field="id",
                        related_name=False,
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                ("kind", fields.CharField(max_length=20)),
                ("state", fields.CharField(max_length=20)),
                ("filename", fields.CharField(max_length=255)),
                ("sha256", fields.CharField(max_length=64)),
                ("rows_total", fields.IntField(default=0)),
                ("rows_good", fields.IntField(default=0)),
                ("rows_bad", fields.IntField(default=0)),
                ("uploaded_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ("published_at", fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
            ],
            options={
                "table": "upload",
                "app": "uploads",
                "constraints": [
                    CheckConstraint(check="kind IN ('OFFERS', 'CODES')", name="upload_kind_known"),
                    CheckConstraint(
                        check="state IN ('CHECKED', 'PUBLISHED', 'DISCARDED')", name="upload_state_known"
                    ),
                ],
                "pk_attr": "id",
                "table_description": "One file of one partner, checked row by row.",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="UploadProblem",
            fields=[
                ("id", fields.UUIDField(primary_key=True, default=new_id, unique=True, db_index=True)),
                (
                    "upload",
                    fields.ForeignKeyField(
                        "uploads.Upload",
                        source_field="upload_id",
                        db_constraint=True,
                        to_field="id",
                        related_name=False,
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                ("line", fields.IntField()),
                ("column", fields.CharField(max_length=80)),
                ("value", fields.CharField(max_length=200)),
                ("code", fields.CharField(max_length=60)),
                ("message", fields.CharField(max_length=400)),
                ("suggestion", fields.CharField(default="", max_length=400)),
            ],
            options={
                "table": "upload_problem",
                "app": "uploads",
                "indexes": [Index(fields=["upload_id", "line", "id"], name="upload_problem_line")],
                "pk_attr": "id",
                "table_description": "What is wrong in one cell: where, the value, why, and what it could be. Codes are never shown in full.",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="UploadRow",
            fields=[
                ("id", fields.UUIDField(primary_key=True, default=new_id, unique=True, db_index=True)),
                (
                    "upload",
                    fields.ForeignKeyField(
                        "uploads.Upload",
                        source_field="upload_id",
                        db_constraint=True,
                        to_field="id",
                        related_name=False,
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                ("line", fields.IntField()),
                ("data", fields.JSONField(default=dict, encoder=JSON_DUMPS, decoder=loads)),
            ],
            options={
                "table": "upload_row",
                "app": "uploads",
                "unique_together": (("upload_id", "line"),),
                "pk_attr": "id",
                "table_description": "A good row, ready to publish. Codes are encrypted here already.",
            },
            bases=["Model"],
        ),
        ops.RunSQL(
            [
                "ALTER TABLE \"upload\" ADD CONSTRAINT \"upload_kind_known\" CHECK (kind IN ('OFFERS', 'CODES'))",
                "ALTER TABLE \"upload\" ADD CONSTRAINT \"upload_state_known\" CHECK (state IN ('CHECKED', 'PUBLISHED', 'DISCARDED'))",
            ],
            [
                'ALTER TABLE "upload" DROP CONSTRAINT "upload_state_known"',
                'ALTER TABLE "upload" DROP CONSTRAINT "upload_kind_known"',
            ],
        ),
    ]
