from orjson import loads
from tortoise import fields, migrations
from tortoise.fields.base import OnDelete
from tortoise.fields.data import JSON_DUMPS
from tortoise.indexes import Index
from tortoise.migrations import operations as ops
from tortoise.migrations.constraints import CheckConstraint, UniqueConstraint

from marketplace.kit.ids import new_id


class Migration(migrations.Migration):
    dependencies = [("access", "0002_operations_are_registered")]

    initial = False

    operations = [
        ops.CreateModel(
            name="FirstWord",
            fields=[
                ("id", fields.UUIDField(primary_key=True, default=new_id, unique=True, db_index=True)),
                ("act", fields.CharField(max_length=80)),
                ("subject_id", fields.UUIDField()),
                ("said_by", fields.UUIDField()),
                ("said", fields.CharField(max_length=300)),
                ("said_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
            ],
            options={
                "table": "first_word",
                "app": "access",
                "unique_together": (("act", "subject_id"),),
                "pk_attr": "id",
                "table_description": "What one person said of something that takes two: the second one is another person. Append-only.",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="StaffMember",
            fields=[
                ("id", fields.UUIDField(primary_key=True, default=new_id, unique=True, db_index=True)),
                ("owner_kind", fields.CharField(max_length=20)),
                ("owner_id", fields.UUIDField()),
                ("name", fields.CharField(max_length=120)),
                ("roles", fields.JSONField(default=list, encoder=JSON_DUMPS, decoder=loads)),
                ("active", fields.BooleanField(default=True)),
                ("added_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
            ],
            options={
                "table": "staff_member",
                "app": "access",
                "constraints": [
                    CheckConstraint(
                        check="owner_kind IN ('PARTNER', 'PROGRAM')", name="staff_member_works_for_others"
                    )
                ],
                "indexes": [Index(fields=["owner_kind", "owner_id"], name="staff_member_owner")],
                "pk_attr": "id",
                "table_description": "A person who works for a partner or a program; operators are the marketplace's own.",
            },
            bases=["Model"],
        ),
        ops.AddField(
            model_name="ApiKey",
            name="replaces",
            field=fields.ForeignKeyField(
                "access.ApiKey",
                source_field="replaces_id",
                null=True,
                db_constraint=True,
                to_field="id",
                related_name=False,
                on_delete=OnDelete.RESTRICT,
            ),
        ),
        ops.AddField(
            model_name="ApiKey",
            name="staff",
            field=fields.ForeignKeyField(
                "access.StaffMember",
                source_field="staff_id",
                null=True,
                db_index=True,
                db_constraint=True,
                to_field="id",
                related_name=False,
                on_delete=OnDelete.RESTRICT,
            ),
        ),
        ops.AddConstraint(
            model_name="ApiKey",
            constraint=UniqueConstraint(
                fields=("replaces_id",), name="api_key_replaced_once", condition="replaces_id IS NOT NULL"
            ),
        ),
        ops.RunSQL(
            [
                "ALTER TABLE \"staff_member\" ADD CONSTRAINT \"staff_member_works_for_others\" CHECK (owner_kind IN ('PARTNER', 'PROGRAM'))"
            ],
            ['ALTER TABLE "staff_member" DROP CONSTRAINT "staff_member_works_for_others"'],
        ),
    ]
