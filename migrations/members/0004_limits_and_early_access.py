from orjson import loads
from tortoise import fields, migrations
from tortoise.fields.base import OnDelete
from tortoise.fields.data import JSON_DUMPS
from tortoise.migrations import operations as ops
from tortoise.migrations.constraints import CheckConstraint

from marketplace.kit.ids import new_id


class Migration(migrations.Migration):
    dependencies = [("members", "0003_levels_are_earned")]

    initial = False

    operations = [
        ops.CreateModel(
            name="MemberUse",
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
                ("period", fields.CharField(max_length=20)),
                ("starts_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ("resets_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ("redemptions", fields.IntField()),
                ("points", fields.BigIntField()),
            ],
            options={
                "table": "member_use",
                "app": "members",
                "unique_together": (("member_id", "period"),),
                "constraints": [
                    CheckConstraint(
                        check="period IN ('DAY', 'WEEK', 'MONTH', 'LIFETIME')", name="member_use_period_known"
                    ),
                    CheckConstraint(
                        check="redemptions >= 0 AND points >= 0 AND resets_at > starts_at",
                        name="member_use_not_negative",
                    ),
                ],
                "pk_attr": "id",
                "table_description": "How often a member redeemed, and for how many points, in the current period of a limit of the program.",
            },
            bases=["Model"],
        ),
        ops.AddField(
            model_name="Program",
            name="limits",
            field=fields.JSONField(null=True, encoder=JSON_DUMPS, decoder=loads),
        ),
        ops.RunSQL(
            [
                "ALTER TABLE \"member_use\" ADD CONSTRAINT \"member_use_period_known\" CHECK (period IN ('DAY', 'WEEK', 'MONTH', 'LIFETIME'))",
                'ALTER TABLE "member_use" ADD CONSTRAINT "member_use_not_negative" CHECK (redemptions >= 0 AND points >= 0 AND resets_at > starts_at)',
            ],
            [
                'ALTER TABLE "member_use" DROP CONSTRAINT "member_use_not_negative"',
                'ALTER TABLE "member_use" DROP CONSTRAINT "member_use_period_known"',
            ],
        ),
    ]
