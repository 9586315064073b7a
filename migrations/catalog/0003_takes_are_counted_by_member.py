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
    ]

    initial = False

    operations = [
        ops.CreateModel(
            name="MemberTake",
            fields=[
                ("id", fields.UUIDField(primary_key=True, default=new_id, unique=True, db_index=True)),
                (
                    "item",
                    fields.ForeignKeyField(
                        "catalog.Item",
                        source_field="item_id",
                        db_constraint=True,
                        to_field="id",
                        related_name=False,
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                (
                    "member",
                    fields.ForeignKeyField(
                        "members.Member",
                        source_field="member_id",
                        db_index=True,
                        db_constraint=True,
                        to_field="id",
                        related_name=False,
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                ("units", fields.IntField()),
            ],
            options={
                "table": "member_take",
                "app": "catalog",
                "unique_together": (("item_id", "member_id"),),
                "constraints": [CheckConstraint(check="units >= 0", name="member_take_not_negative")],
                "pk_attr": "id",
                "table_description": "How many units of an item with a limit one member holds.",
            },
            bases=["Model"],
        ),
        ops.RunSQL(
            'ALTER TABLE "member_take" ADD CONSTRAINT "member_take_not_negative" CHECK (units >= 0)',
            'ALTER TABLE "member_take" DROP CONSTRAINT "member_take_not_negative"',
        ),
    ]
