from tortoise import fields, migrations
from tortoise.fields.base import OnDelete
from tortoise.migrations import operations as ops
from tortoise.migrations.constraints import CheckConstraint

from marketplace.kit.ids import new_id


class Migration(migrations.Migration):
    dependencies = [
        ("catalog", "0002_search_by_trigram"),
        ("members", "0001_initial"),
        ("partners", "0002_contracts_never_overlap"),
        ("payments", "0001_initial"),
        ("points", "0001_initial"),
        ("redemptions", "0001_initial"),
    ]

    initial = False

    operations = [
        ops.CreateModel(
            name="CodeReissue",
            fields=[
                ("id", fields.UUIDField(primary_key=True, default=new_id, unique=True, db_index=True)),
                (
                    "redemption",
                    fields.ForeignKeyField(
                        "redemptions.Redemption",
                        source_field="redemption_id",
                        db_index=True,
                        db_constraint=True,
                        to_field="id",
                        related_name=False,
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                ("old_position", fields.BigIntField()),
                ("new_position", fields.BigIntField()),
                ("reason", fields.CharField(max_length=300)),
                ("reissued_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
            ],
            options={
                "table": "code_reissue",
                "app": "redemptions",
                "constraints": [
                    CheckConstraint(check="old_position <> new_position", name="code_reissue_another_code")
                ],
                "pk_attr": "id",
                "table_description": "A code exchanged for another by support, with the reason. The old one stays frozen. Append-only.",
            },
            bases=["Model"],
        ),
        ops.RunSQL(
            'ALTER TABLE "code_reissue" ADD CONSTRAINT "code_reissue_another_code" CHECK (old_position <> new_position)',
            'ALTER TABLE "code_reissue" DROP CONSTRAINT "code_reissue_another_code"',
        ),
        ops.CreateModel(
            name="CodeReveal",
            fields=[
                ("id", fields.UUIDField(primary_key=True, default=new_id, unique=True, db_index=True)),
                (
                    "redemption",
                    fields.ForeignKeyField(
                        "redemptions.Redemption",
                        source_field="redemption_id",
                        db_index=True,
                        db_constraint=True,
                        to_field="id",
                        related_name=False,
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                ("position", fields.BigIntField()),
                ("revealed_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
            ],
            options={
                "table": "code_reveal",
                "app": "redemptions",
                "pk_attr": "id",
                "table_description": "A code shown in the clear to its owner, noted before it left. Append-only.",
            },
            bases=["Model"],
        ),
    ]
