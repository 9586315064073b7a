from orjson import loads
from tortoise import fields, migrations
from tortoise.fields.base import OnDelete
from tortoise.fields.data import JSON_DUMPS
from tortoise.migrations import operations as ops
from tortoise.migrations.constraints import CheckConstraint

from marketplace.kit.ids import new_id

COPY = """
INSERT INTO redemption_policy (
    id, program_id, country, valid_from, worth_bp, cash_rate_bp, cash_min_points, cash_max_points, cash_period,
    cash_countries, identity_required, enrolled_days, earned_days, points_share_bp, arms
)
SELECT gen_random_uuid(), id, '', created_at, '{}', cash_rate_bp, cash_min_points,
    greatest(cash_min_points, cash_max_points), 'MONTH', cash_countries, FALSE, 0, 0, 10000, '{}' FROM program"""


class Migration(migrations.Migration):
    """What points can become is said by dated rows; the four columns of a program become its first."""

    dependencies = [("members", "0001_initial")]

    initial = False

    operations = [
        ops.CreateModel(
            name="RedemptionPolicy",
            fields=[
                ("id", fields.UUIDField(primary_key=True, default=new_id, unique=True, db_index=True)),
                (
                    "program",
                    fields.ForeignKeyField(
                        "members.Program",
                        source_field="program_id",
                        db_constraint=True,
                        to_field="id",
                        related_name=False,
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                ("country", fields.CharField(default="", max_length=2)),
                ("valid_from", fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ("worth_bp", fields.JSONField(default=dict, encoder=JSON_DUMPS, decoder=loads)),
                ("cash_rate_bp", fields.IntField(default=0)),
                ("cash_min_points", fields.BigIntField(default=0)),
                ("cash_max_points", fields.BigIntField(default=0)),
                ("cash_period", fields.CharField(default="MONTH", max_length=10)),
                ("cash_countries", fields.JSONField(default=list, encoder=JSON_DUMPS, decoder=loads)),
                ("identity_required", fields.BooleanField(default=False)),
                ("enrolled_days", fields.IntField(default=0)),
                ("earned_days", fields.IntField(default=0)),
                ("points_share_bp", fields.IntField(default=10000)),
                ("arms", fields.JSONField(default=dict, encoder=JSON_DUMPS, decoder=loads)),
            ],
            options={
                "table": "redemption_policy",
                "app": "members",
                "unique_together": (("program_id", "country", "valid_from"),),
                "constraints": [
                    CheckConstraint(
                        check="cash_period IN ('DAY', 'MONTH', 'YEAR')", name="redemption_policy_cash_period_known"
                    ),
                    CheckConstraint(
                        check="cash_rate_bp BETWEEN 0 AND 10000", name="redemption_policy_cash_rate_is_a_share"
                    ),
                    CheckConstraint(
                        check="points_share_bp BETWEEN 0 AND 10000",
                        name="redemption_policy_points_share_is_a_share",
                    ),
                    CheckConstraint(
                        check="cash_min_points BETWEEN 0 AND cash_max_points",
                        name="redemption_policy_cash_limits_in_order",
                    ),
                    CheckConstraint(
                        check="enrolled_days >= 0 AND earned_days >= 0", name="redemption_policy_days_not_negative"
                    ),
                ],
                "pk_attr": "id",
                "table_description": 'What points of a program can become, from a moment on, in one market or (`country` "") in all others.',
            },
            bases=["Model"],
        ),
        ops.AddField(
            model_name="Member",
            name="identity_confirmed_at",
            field=fields.DatetimeField(null=True, auto_now=False, auto_now_add=False),
        ),
        ops.RunSQL(COPY, ops.RunSQL.noop),
        ops.RemoveConstraint(
            model_name="Program",
            name="program_cash_rate_is_a_share",
            fields=None,
        ),
        ops.RemoveField(model_name="Program", name="cash_countries"),
        ops.RemoveField(model_name="Program", name="cash_max_points"),
        ops.RemoveField(model_name="Program", name="cash_min_points"),
        ops.RemoveField(model_name="Program", name="cash_rate_bp"),
        ops.RunSQL(
            [
                "ALTER TABLE \"redemption_policy\" ADD CONSTRAINT \"redemption_policy_cash_period_known\" CHECK (cash_period IN ('DAY', 'MONTH', 'YEAR'))",
                'ALTER TABLE "redemption_policy" ADD CONSTRAINT "redemption_policy_cash_rate_is_a_share" CHECK (cash_rate_bp BETWEEN 0 AND 10000)',
                'ALTER TABLE "redemption_policy" ADD CONSTRAINT "redemption_policy_points_share_is_a_share" CHECK (points_share_bp BETWEEN 0 AND 10000)',
                'ALTER TABLE "redemption_policy" ADD CONSTRAINT "redemption_policy_cash_limits_in_order" CHECK (cash_min_points BETWEEN 0 AND cash_max_points)',
                'ALTER TABLE "redemption_policy" ADD CONSTRAINT "redemption_policy_days_not_negative" CHECK (enrolled_days >= 0 AND earned_days >= 0)',
            ],
            [
                'ALTER TABLE "redemption_policy" DROP CONSTRAINT "redemption_policy_days_not_negative"',
                'ALTER TABLE "redemption_policy" DROP CONSTRAINT "redemption_policy_cash_limits_in_order"',
                'ALTER TABLE "redemption_policy" DROP CONSTRAINT "redemption_policy_points_share_is_a_share"',
                'ALTER TABLE "redemption_policy" DROP CONSTRAINT "redemption_policy_cash_rate_is_a_share"',
                'ALTER TABLE "redemption_policy" DROP CONSTRAINT "redemption_policy_cash_period_known"',
            ],
        ),
    ]
