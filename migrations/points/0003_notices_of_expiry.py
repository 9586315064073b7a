from tortoise import fields, migrations
from tortoise.fields.base import OnDelete
from tortoise.migrations import operations as ops
from tortoise.migrations.constraints import CheckConstraint

from marketplace.kit.ids import new_id


class Migration(migrations.Migration):
    dependencies = [
        ("members", "0001_initial"),
        ("members", "0002_a_policy_for_every_market"),
        ("points", "0002_lots_follow_a_policy"),
    ]

    initial = False

    operations = [
        ops.CreateModel(
            name="ExpiryNotice",
            fields=[
                ("id", fields.UUIDField(primary_key=True, default=new_id, unique=True, db_index=True)),
                (
                    "member",
                    fields.ForeignKeyField(
                        "members.Member",
                        source_field="member_id",
                        db_constraint=True,
                        to_field="id",
                        related_name=False,
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                ("expires_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ("days_before", fields.IntField()),
                ("points", fields.BigIntField()),
                ("noticed_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
            ],
            options={
                "table": "expiry_notice",
                "app": "points",
                "unique_together": (("member_id", "expires_at", "days_before"),),
                "constraints": [
                    CheckConstraint(check="points > 0 AND days_before > 0", name="expiry_notice_points_positive")
                ],
                "pk_attr": "id",
                "table_description": "A member was told that points with one date expire soon: once for each number of days. Append-only.",
            },
            bases=["Model"],
        ),
        ops.RunSQL(
            [
                'ALTER TABLE "expiry_notice" ADD CONSTRAINT "expiry_notice_points_positive" CHECK (points > 0 AND days_before > 0)'
            ],
            ['ALTER TABLE "expiry_notice" DROP CONSTRAINT "expiry_notice_points_positive"'],
        ),
    ]
