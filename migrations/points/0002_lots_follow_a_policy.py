from orjson import loads
from tortoise import fields, migrations
from tortoise.fields.base import OnDelete
from tortoise.fields.data import JSON_DUMPS
from tortoise.migrations import operations as ops
from tortoise.migrations.constraints import CheckConstraint

from marketplace.kit.ids import new_id


class Migration(migrations.Migration):
    dependencies = [("members", "0001_initial"), ("points", "0001_initial")]

    initial = False

    operations = [
        ops.CreateModel(
            name="ActivityClock",
            fields=[
                ("id", fields.UUIDField(primary_key=True, default=new_id, unique=True, db_index=True)),
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
                ("months", fields.IntField()),
                ("expires_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ("swept", fields.BooleanField(default=False)),
            ],
            options={
                "table": "activity_clock",
                "app": "points",
                "constraints": [CheckConstraint(check="months > 0", name="activity_clock_months_positive")],
                "pk_attr": "id",
                "table_description": "The one date that all ROLLING lots of a member share: an activity moves this row and no lot.",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="ExpiryPolicy",
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
                ("valid_from", fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ("kind", fields.CharField(max_length=20)),
                ("months", fields.IntField(null=True)),
                ("period", fields.CharField(null=True, max_length=20)),
                ("periods_after", fields.IntField(default=0)),
                ("returned", fields.CharField(max_length=20)),
                ("grace_days", fields.IntField(default=0)),
                ("notice_days", fields.JSONField(default=list, encoder=JSON_DUMPS, decoder=loads)),
                ("stated_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
            ],
            options={
                "table": "expiry_policy",
                "app": "points",
                "unique_together": (("program_id", "valid_from"),),
                "constraints": [
                    CheckConstraint(
                        check="kind IN ('FIXED', 'ROLLING', 'CALENDAR', 'NEVER')", name="expiry_policy_kind_known"
                    ),
                    CheckConstraint(
                        check="period IN ('MONTH', 'QUARTER', 'YEAR')", name="expiry_policy_period_known"
                    ),
                    CheckConstraint(
                        check="returned IN ('KEEP', 'GRACE', 'RENEW')", name="expiry_policy_returned_known"
                    ),
                    CheckConstraint(
                        check="kind NOT IN ('FIXED', 'ROLLING') OR months > 0", name="expiry_policy_lives"
                    ),
                    CheckConstraint(
                        check="kind <> 'CALENDAR' OR period IS NOT NULL", name="expiry_policy_has_a_calendar"
                    ),
                    CheckConstraint(
                        check="periods_after >= 0 AND grace_days >= 0", name="expiry_policy_nothing_negative"
                    ),
                ],
                "pk_attr": "id",
                "table_description": "When a program's points expire, from a moment on. Points follow the policy of the moment they were earned.",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="LotExtension",
            fields=[
                ("id", fields.UUIDField(primary_key=True, default=new_id, unique=True, db_index=True)),
                (
                    "lot",
                    fields.ForeignKeyField(
                        "points.Lot",
                        source_field="lot_id",
                        db_index=True,
                        db_constraint=True,
                        to_field="id",
                        related_name=False,
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                ("rule", fields.CharField(max_length=20)),
                ("expired_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ("expires_at", fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
                ("at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
            ],
            options={
                "table": "lot_extension",
                "app": "points",
                "constraints": [
                    CheckConstraint(check="rule IN ('KEEP', 'GRACE', 'RENEW')", name="lot_extension_rule_known"),
                    CheckConstraint(
                        check="expires_at IS NULL OR expires_at > expired_at", name="lot_extension_later"
                    ),
                ],
                "pk_attr": "id",
                "table_description": "A lot whose date had passed got another one when its points came back. Append-only.",
            },
            bases=["Model"],
        ),
        ops.RemoveIndex(model_name="Lot", name="lot_by_expiry"),
        ops.RemoveIndex(model_name="Lot", name="lot_spending_order"),
        ops.AddField(
            model_name="Lot",
            name="clock",
            field=fields.ForeignKeyField(
                "points.ActivityClock",
                source_field="clock_id",
                null=True,
                db_constraint=True,
                to_field="id",
                related_name=False,
                on_delete=OnDelete.RESTRICT,
            ),
        ),
        ops.AddConstraint(
            model_name="Lot",
            constraint=CheckConstraint(check="clock_id IS NULL OR expires_at IS NULL", name="lot_one_date"),
        ),
        ops.RunSQL(
            [
                'ALTER TABLE "activity_clock" ADD CONSTRAINT "activity_clock_months_positive" CHECK (months > 0)',
                "ALTER TABLE \"expiry_policy\" ADD CONSTRAINT \"expiry_policy_kind_known\" CHECK (kind IN ('FIXED', 'ROLLING', 'CALENDAR', 'NEVER'))",
                "ALTER TABLE \"expiry_policy\" ADD CONSTRAINT \"expiry_policy_period_known\" CHECK (period IN ('MONTH', 'QUARTER', 'YEAR'))",
                "ALTER TABLE \"expiry_policy\" ADD CONSTRAINT \"expiry_policy_returned_known\" CHECK (returned IN ('KEEP', 'GRACE', 'RENEW'))",
                "ALTER TABLE \"expiry_policy\" ADD CONSTRAINT \"expiry_policy_lives\" CHECK (kind NOT IN ('FIXED', 'ROLLING') OR months > 0)",
                'ALTER TABLE "expiry_policy" ADD CONSTRAINT "expiry_policy_has_a_calendar" CHECK (kind <> \'CALENDAR\' OR period IS NOT NULL)',
                'ALTER TABLE "expiry_policy" ADD CONSTRAINT "expiry_policy_nothing_negative" CHECK (periods_after >= 0 AND grace_days >= 0)',
                "ALTER TABLE \"lot_extension\" ADD CONSTRAINT \"lot_extension_rule_known\" CHECK (rule IN ('KEEP', 'GRACE', 'RENEW'))",
                'ALTER TABLE "lot_extension" ADD CONSTRAINT "lot_extension_later" CHECK (expires_at IS NULL OR expires_at > expired_at)',
            ],
            [
                'ALTER TABLE "lot_extension" DROP CONSTRAINT "lot_extension_later"',
                'ALTER TABLE "lot_extension" DROP CONSTRAINT "lot_extension_rule_known"',
                'ALTER TABLE "expiry_policy" DROP CONSTRAINT "expiry_policy_nothing_negative"',
                'ALTER TABLE "expiry_policy" DROP CONSTRAINT "expiry_policy_has_a_calendar"',
                'ALTER TABLE "expiry_policy" DROP CONSTRAINT "expiry_policy_lives"',
                'ALTER TABLE "expiry_policy" DROP CONSTRAINT "expiry_policy_returned_known"',
                'ALTER TABLE "expiry_policy" DROP CONSTRAINT "expiry_policy_period_known"',
                'ALTER TABLE "expiry_policy" DROP CONSTRAINT "expiry_policy_kind_known"',
                'ALTER TABLE "activity_clock" DROP CONSTRAINT "activity_clock_months_positive"',
            ],
        ),
        # A column that changes only when a lot is emptied or filled again: the index costs spending nothing.
        ops.RunSQL(
            [
                'ALTER TABLE "lot" ADD COLUMN "has_points" boolean GENERATED ALWAYS AS (remaining > 0) STORED',
                'CREATE INDEX "lot_open_of_member" ON "lot" (member_id) WHERE has_points',
                'CREATE INDEX "lot_open_by_expiry" ON "lot" (expires_at) WHERE has_points',
                'CREATE INDEX "lot_open_by_clock" ON "lot" (clock_id) WHERE has_points AND clock_id IS NOT NULL',
                'CREATE INDEX "activity_clock_running" ON "activity_clock" (expires_at) WHERE NOT swept',
            ],
            [
                'DROP INDEX "activity_clock_running"',
                'DROP INDEX "lot_open_by_clock"',
                'DROP INDEX "lot_open_by_expiry"',
                'DROP INDEX "lot_open_of_member"',
                'ALTER TABLE "lot" DROP COLUMN "has_points"',
            ],
        ),
    ]
