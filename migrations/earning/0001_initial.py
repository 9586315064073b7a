from orjson import loads
from tortoise import fields, migrations
from tortoise.fields.base import OnDelete
from tortoise.fields.data import JSON_DUMPS
from tortoise.indexes import Index
from tortoise.migrations import operations as ops
from tortoise.migrations.constraints import CheckConstraint, UniqueConstraint

from marketplace.kit.ids import new_id


class Migration(migrations.Migration):
    dependencies = [("members", "0001_initial")]

    initial = True

    operations = [
        ops.CreateModel(
            name="EarningBudget",
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
                ("code", fields.CharField(max_length=40)),
                ("sponsor", fields.CharField(default="", max_length=120)),
                ("points", fields.BigIntField(default=0)),
                ("used", fields.BigIntField(default=0)),
                ("created_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
            ],
            options={
                "table": "earning_budget",
                "app": "earning",
                "unique_together": (("program_id", "code"),),
                "constraints": [
                    CheckConstraint(check="used >= 0 AND used <= points", name="earning_budget_used_within")
                ],
                "pk_attr": "id",
                "table_description": "Points that rules may give: `used` never passes `points`. A prepaid one was bought, by its sponsor.",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="BudgetAddition",
            fields=[
                ("id", fields.UUIDField(primary_key=True, default=new_id, unique=True, db_index=True)),
                (
                    "budget",
                    fields.ForeignKeyField(
                        "earning.EarningBudget",
                        source_field="budget_id",
                        db_constraint=True,
                        to_field="id",
                        related_name=False,
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                ("reference", fields.CharField(max_length=200)),
                ("points", fields.BigIntField()),
                ("paid_minor", fields.BigIntField(null=True)),
                ("paid_currency", fields.CharField(null=True, max_length=3)),
                ("added_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
            ],
            options={
                "table": "earning_budget_addition",
                "app": "earning",
                "unique_together": (("budget_id", "reference"),),
                "constraints": [
                    CheckConstraint(check="points > 0", name="earning_budget_addition_points_positive"),
                    CheckConstraint(
                        check="(paid_minor IS NULL) = (paid_currency IS NULL)",
                        name="earning_budget_addition_paid_has_currency",
                    ),
                ],
                "pk_attr": "id",
                "table_description": "Points added to a budget, once for each of the program's references, and what was paid for them.",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="EarningEvent",
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
                ("reference", fields.CharField(max_length=200)),
                ("fingerprint", fields.CharField(max_length=64)),
                ("type", fields.CharField(max_length=30)),
                ("custom_name", fields.CharField(default="", max_length=60)),
                (
                    "member",
                    fields.ForeignKeyField(
                        "members.Member",
                        source_field="member_id",
                        null=True,
                        db_constraint=True,
                        to_field="id",
                        related_name=False,
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                ("member_reference", fields.CharField(max_length=120)),
                ("effective_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ("recorded_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ("amount_minor", fields.BigIntField(null=True)),
                ("currency", fields.CharField(null=True, max_length=3)),
                ("channel", fields.CharField(default="", max_length=60)),
                ("location", fields.CharField(default="", max_length=120)),
                ("attributes", fields.JSONField(default=dict, encoder=JSON_DUMPS, decoder=loads)),
                ("items", fields.JSONField(default=list, encoder=JSON_DUMPS, decoder=loads)),
                ("consent_purpose", fields.CharField(null=True, max_length=200)),
                ("consent_version", fields.CharField(null=True, max_length=60)),
                ("consent_at", fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
                ("referral_code", fields.CharField(null=True, max_length=20)),
                ("state", fields.CharField(max_length=20)),
                ("returned_minor", fields.BigIntField(default=0)),
            ],
            options={
                "table": "earning_event",
                "app": "earning",
                "unique_together": (("program_id", "reference"),),
                "constraints": [
                    CheckConstraint(
                        check="type IN ('PURCHASE', 'REPEAT_PURCHASE', 'UPGRADE', 'REFERRAL', 'REVIEW', 'TESTIMONIAL', 'OWN_CONTENT', 'SURVEY', 'SIGN_UP', 'OPT_IN', 'RETURN_AFTER_ABSENCE', 'TILL_SCAN', 'CUSTOM', 'ANNIVERSARY', 'ON_DATE', 'EVERY_MONTH')",
                        name="earning_event_type_known",
                    ),
                    CheckConstraint(
                        check="state IN ('WAITING', 'JUDGED', 'PARTLY_REVERSED', 'REVERSED', 'EXPIRED')",
                        name="earning_event_state_known",
                    ),
                    CheckConstraint(
                        check="(amount_minor IS NULL) = (currency IS NULL)",
                        name="earning_event_amount_has_currency",
                    ),
                    CheckConstraint(check="amount_minor >= 0", name="earning_event_amount_not_negative"),
                    CheckConstraint(
                        check="returned_minor BETWEEN 0 AND coalesce(amount_minor, 0)",
                        name="earning_event_returned_within",
                    ),
                    CheckConstraint(
                        check="member_id IS NOT NULL OR state NOT IN ('JUDGED', 'PARTLY_REVERSED')",
                        name="earning_event_has_a_member_or_waits",
                    ),
                    CheckConstraint(
                        check="type <> 'OPT_IN' OR consent_at IS NOT NULL", name="earning_event_opt_in_has_consent"
                    ),
                ],
                "indexes": [
                    Index(fields=["member_id", "effective_at"], name="earning_event_of_member"),
                    Index(fields=["program_id", "id"], name="earning_event_of_program"),
                    Index(fields=["program_id", "state", "member_reference"], name="earning_event_waiting"),
                    Index(fields=["program_id", "effective_at"], name="earning_event_by_day"),
                ],
                "pk_attr": "id",
                "table_description": "Something a person did, told once under the program's reference. `returned_minor` went back since.",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="EarningPolicy",
            fields=[
                (
                    "program",
                    fields.OneToOneField(
                        "members.Program",
                        source_field="program_id",
                        primary_key=True,
                        db_index=True,
                        db_constraint=True,
                        to_field="id",
                        related_name=False,
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                ("clawback", fields.CharField(default="DEBT", max_length=20)),
                ("waiting_days", fields.IntField(default=90)),
                ("patience_days", fields.IntField(default=60)),
            ],
            options={
                "table": "earning_policy",
                "app": "earning",
                "constraints": [
                    CheckConstraint(
                        check="clawback IN ('DEBT', 'FORGIVE', 'KEEP')", name="earning_policy_clawback_known"
                    ),
                    CheckConstraint(
                        check="waiting_days BETWEEN 0 AND 365", name="earning_policy_waiting_is_bounded"
                    ),
                    CheckConstraint(
                        check="patience_days BETWEEN 1 AND 3650", name="earning_policy_patience_is_bounded"
                    ),
                ],
                "pk_attr": "program_id",
                "table_description": "What a program says of all its rules; a program without a row goes by the defaults.",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="EarningRule",
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
                ("code", fields.CharField(max_length=40)),
                ("state", fields.CharField(max_length=20)),
                ("objective", fields.CharField(max_length=200)),
                ("measure", fields.CharField(max_length=20)),
                ("target", fields.BigIntField(null=True)),
                (
                    "budget",
                    fields.ForeignKeyField(
                        "earning.EarningBudget",
                        source_field="budget_id",
                        null=True,
                        db_index=True,
                        db_constraint=True,
                        to_field="id",
                        related_name=False,
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                ("created_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
            ],
            options={
                "table": "earning_rule",
                "app": "earning",
                "unique_together": (("program_id", "code"),),
                "constraints": [
                    CheckConstraint(
                        check="state IN ('DRAFT', 'LIVE', 'PAUSED', 'ENDED')", name="earning_rule_state_known"
                    ),
                    CheckConstraint(
                        check="measure IN ('PARTICIPANTS', 'EVENTS', 'AMOUNT', 'REFERRALS')",
                        name="earning_rule_measure_known",
                    ),
                    CheckConstraint(check="target IS NULL OR target > 0", name="earning_rule_target_positive"),
                ],
                "pk_attr": "id",
                "table_description": "What a program gives for something, under a code of its own. What it says stands in its versions.",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="Referral",
            fields=[
                (
                    "friend",
                    fields.OneToOneField(
                        "members.Member",
                        source_field="friend_id",
                        primary_key=True,
                        db_index=True,
                        db_constraint=True,
                        to_field="id",
                        related_name=False,
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                (
                    "referrer",
                    fields.ForeignKeyField(
                        "members.Member",
                        source_field="referrer_id",
                        db_index=True,
                        db_constraint=True,
                        to_field="id",
                        related_name=False,
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                ("referred_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
                (
                    "qualified_event",
                    fields.ForeignKeyField(
                        "earning.EarningEvent",
                        source_field="qualified_event_id",
                        null=True,
                        db_index=True,
                        db_constraint=True,
                        to_field="id",
                        related_name=False,
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
            ],
            options={
                "table": "referral",
                "app": "earning",
                "constraints": [CheckConstraint(check="friend_id <> referrer_id", name="referral_not_oneself")],
                "pk_attr": "friend_id",
                "table_description": "Who sent whom, once for each friend; `qualified_event` is the friend's first purchase.",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="ReferralCode",
            fields=[
                (
                    "member",
                    fields.OneToOneField(
                        "members.Member",
                        source_field="member_id",
                        primary_key=True,
                        db_index=True,
                        db_constraint=True,
                        to_field="id",
                        related_name=False,
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
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
                ("code", fields.CharField(max_length=20)),
                ("made_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
            ],
            options={
                "table": "referral_code",
                "app": "earning",
                "unique_together": (("program_id", "code"),),
                "pk_attr": "member_id",
                "table_description": "What a member gives to friends.",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="Reversal",
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
                (
                    "event",
                    fields.ForeignKeyField(
                        "earning.EarningEvent",
                        source_field="event_id",
                        db_index=True,
                        db_constraint=True,
                        to_field="id",
                        related_name=False,
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                ("reference", fields.CharField(max_length=200)),
                ("amount_minor", fields.BigIntField(null=True)),
                ("reason", fields.CharField(max_length=200)),
                ("at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
            ],
            options={
                "table": "earning_reversal",
                "app": "earning",
                "unique_together": (("program_id", "reference"),),
                "constraints": [
                    CheckConstraint(check="amount_minor > 0", name="earning_reversal_amount_positive")
                ],
                "pk_attr": "id",
                "table_description": "A purchase that went back, whole or in part (`amount_minor`), once for each of the program's references.",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="RulePeriod",
            fields=[
                ("id", fields.UUIDField(primary_key=True, default=new_id, unique=True, db_index=True)),
                (
                    "rule",
                    fields.ForeignKeyField(
                        "earning.EarningRule",
                        source_field="rule_id",
                        db_index=True,
                        db_constraint=True,
                        to_field="id",
                        related_name=False,
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                ("opened_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ("closed_at", fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
            ],
            options={
                "table": "earning_rule_period",
                "app": "earning",
                "constraints": [
                    UniqueConstraint(
                        fields=("rule_id",), name="earning_rule_period_open_once", condition="closed_at IS NULL"
                    ),
                    CheckConstraint(
                        check="closed_at IS NULL OR closed_at >= opened_at", name="earning_rule_period_in_order"
                    ),
                ],
                "pk_attr": "id",
                "table_description": "A time during which a rule was live: it looks at what was done in it, whenever it is told.",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="RuleVersion",
            fields=[
                ("id", fields.UUIDField(primary_key=True, default=new_id, unique=True, db_index=True)),
                (
                    "rule",
                    fields.ForeignKeyField(
                        "earning.EarningRule",
                        source_field="rule_id",
                        db_constraint=True,
                        to_field="id",
                        related_name=False,
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                ("number", fields.IntField()),
                ("valid_from", fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ("terms", fields.JSONField(default=dict, encoder=JSON_DUMPS, decoder=loads)),
                ("made_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
            ],
            options={
                "table": "earning_rule_version",
                "app": "earning",
                "unique_together": (("rule_id", "number"), ("rule_id", "valid_from")),
                "constraints": [CheckConstraint(check="number > 0", name="earning_rule_version_number_positive")],
                "pk_attr": "id",
                "table_description": "What a rule says of events from a moment on, until its next version begins.",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="Grant",
            fields=[
                ("id", fields.UUIDField(primary_key=True, default=new_id, unique=True, db_index=True)),
                (
                    "event",
                    fields.ForeignKeyField(
                        "earning.EarningEvent",
                        source_field="event_id",
                        db_constraint=True,
                        to_field="id",
                        related_name=False,
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                (
                    "rule",
                    fields.ForeignKeyField(
                        "earning.EarningRule",
                        source_field="rule_id",
                        db_constraint=True,
                        to_field="id",
                        related_name=False,
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                (
                    "version",
                    fields.ForeignKeyField(
                        "earning.RuleVersion",
                        source_field="version_id",
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
                        db_constraint=True,
                        to_field="id",
                        related_name=False,
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                ("side", fields.CharField(max_length=10)),
                ("points", fields.BigIntField()),
                ("times", fields.IntField(default=1)),
                ("multiplier_bp", fields.BigIntField()),
                ("state", fields.CharField(max_length=20)),
                ("effective_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ("pending_until", fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
                ("credited_at", fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
                ("reversed_points", fields.BigIntField(default=0)),
                ("reversed_times", fields.IntField(default=0)),
                ("lot_points", fields.BigIntField(default=0)),
                ("netted_points", fields.BigIntField(default=0)),
            ],
            options={
                "table": "earning_grant",
                "app": "earning",
                "unique_together": (("event_id", "rule_id", "side"),),
                "constraints": [
                    CheckConstraint(check="side IN ('MEMBER', 'REFERRER')", name="earning_grant_side_known"),
                    CheckConstraint(
                        check="state IN ('PENDING', 'CREDITED', 'REVERSED')", name="earning_grant_state_known"
                    ),
                    CheckConstraint(check="points > 0", name="earning_grant_points_positive"),
                    CheckConstraint(
                        check="reversed_points BETWEEN 0 AND points", name="earning_grant_reversed_within"
                    ),
                    CheckConstraint(check="reversed_times BETWEEN 0 AND times", name="earning_grant_times_within"),
                    CheckConstraint(
                        check="lot_points + netted_points <= points", name="earning_grant_credited_within"
                    ),
                    CheckConstraint(
                        check="(credited_at IS NULL) = (lot_points + netted_points = 0)",
                        name="earning_grant_credited_when_not_pending",
                    ),
                ],
                "indexes": [
                    Index(fields=["rule_id", "member_id", "effective_at"], name="earning_grant_tally"),
                    Index(fields=["state", "pending_until"], name="earning_grant_due"),
                    Index(fields=["member_id", "state"], name="earning_grant_of_member"),
                ],
                "pk_attr": "id",
                "table_description": "Points that a rule gave for an event, to one side.",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="Outcome",
            fields=[
                ("id", fields.UUIDField(primary_key=True, default=new_id, unique=True, db_index=True)),
                (
                    "event",
                    fields.ForeignKeyField(
                        "earning.EarningEvent",
                        source_field="event_id",
                        db_constraint=True,
                        to_field="id",
                        related_name=False,
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                (
                    "rule",
                    fields.ForeignKeyField(
                        "earning.EarningRule",
                        source_field="rule_id",
                        db_constraint=True,
                        to_field="id",
                        related_name=False,
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                (
                    "version",
                    fields.ForeignKeyField(
                        "earning.RuleVersion",
                        source_field="version_id",
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
                        db_constraint=True,
                        to_field="id",
                        related_name=False,
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                ("effective_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ("reason", fields.CharField(max_length=30)),
                ("facts", fields.JSONField(default=dict, encoder=JSON_DUMPS, decoder=loads)),
                ("counted", fields.BigIntField(default=0)),
            ],
            options={
                "table": "earning_outcome",
                "app": "earning",
                "unique_together": (("event_id", "rule_id"),),
                "constraints": [
                    CheckConstraint(
                        check="reason IN ('EARNED', 'GOAL_NOT_YET', 'CAP_REACHED', 'BUDGET_SPENT', 'TOO_LITTLE', 'OTHER_CURRENCY', 'NO_AMOUNT', 'OTHER_TIER', 'OTHER_SEGMENT', 'OTHER_CHANNEL', 'OTHER_ATTRIBUTE', 'OTHER_DAY', 'OUTRANKED', 'NOT_REFERRED')",
                        name="earning_outcome_reason_known",
                    ),
                    CheckConstraint(check="counted >= 0", name="earning_outcome_counted_not_negative"),
                ],
                "indexes": [Index(fields=["rule_id", "member_id", "effective_at"], name="earning_outcome_tally")],
                "pk_attr": "id",
                "table_description": "What one rule made of one event. `counted` is what stands toward its goal: times, or minor units.",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="Taken",
            fields=[
                ("id", fields.UUIDField(primary_key=True, default=new_id, unique=True, db_index=True)),
                (
                    "reversal",
                    fields.ForeignKeyField(
                        "earning.Reversal",
                        source_field="reversal_id",
                        db_constraint=True,
                        to_field="id",
                        related_name=False,
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                (
                    "grant",
                    fields.ForeignKeyField(
                        "earning.Grant",
                        source_field="grant_id",
                        db_index=True,
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
                        db_constraint=True,
                        to_field="id",
                        related_name=False,
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                ("points", fields.BigIntField()),
                ("cancelled", fields.BigIntField(default=0)),
                ("taken", fields.BigIntField(default=0)),
                ("owed", fields.BigIntField(default=0)),
                ("forgiven", fields.BigIntField(default=0)),
                ("paid", fields.BigIntField(default=0)),
                ("at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
            ],
            options={
                "table": "earning_clawback",
                "app": "earning",
                "unique_together": (("reversal_id", "grant_id"),),
                "constraints": [
                    CheckConstraint(check="points > 0", name="earning_clawback_points_positive"),
                    CheckConstraint(
                        check="points = cancelled + taken + owed + forgiven", name="earning_clawback_adds_up"
                    ),
                    CheckConstraint(
                        check="least(cancelled, taken, owed, forgiven, paid) >= 0",
                        name="earning_clawback_parts_not_negative",
                    ),
                    CheckConstraint(check="paid <= owed", name="earning_clawback_paid_within"),
                ],
                "indexes": [Index(fields=["member_id", "id"], name="earning_clawback_of_member")],
                "pk_attr": "id",
                "table_description": "Points of a grant that a reversal took back: before they came, from the wallet, as a debt, or forgiven.",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="DebtPayment",
            fields=[
                ("id", fields.UUIDField(primary_key=True, default=new_id, unique=True, db_index=True)),
                (
                    "debt",
                    fields.ForeignKeyField(
                        "earning.Taken",
                        source_field="debt_id",
                        db_constraint=True,
                        to_field="id",
                        related_name=False,
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                (
                    "grant",
                    fields.ForeignKeyField(
                        "earning.Grant",
                        source_field="grant_id",
                        db_index=True,
                        db_constraint=True,
                        to_field="id",
                        related_name=False,
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                ("points", fields.BigIntField()),
                ("at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
            ],
            options={
                "table": "earning_debt_payment",
                "app": "earning",
                "unique_together": (("debt_id", "grant_id"),),
                "constraints": [CheckConstraint(check="points > 0", name="earning_debt_payment_points_positive")],
                "pk_attr": "id",
                "table_description": "Points of a grant that paid a debt instead of going into the wallet.",
            },
            bases=["Model"],
        ),
        ops.RunSQL(
            [
                'ALTER TABLE "earning_budget" ADD CONSTRAINT "earning_budget_used_within" CHECK (used >= 0 AND used <= points)',
                'ALTER TABLE "earning_budget_addition" ADD CONSTRAINT "earning_budget_addition_points_positive" CHECK (points > 0)',
                'ALTER TABLE "earning_budget_addition" ADD CONSTRAINT "earning_budget_addition_paid_has_currency" CHECK ((paid_minor IS NULL) = (paid_currency IS NULL))',
                "ALTER TABLE \"earning_event\" ADD CONSTRAINT \"earning_event_type_known\" CHECK (type IN ('PURCHASE', 'REPEAT_PURCHASE', 'UPGRADE', 'REFERRAL', 'REVIEW', 'TESTIMONIAL', 'OWN_CONTENT', 'SURVEY', 'SIGN_UP', 'OPT_IN', 'RETURN_AFTER_ABSENCE', 'TILL_SCAN', 'CUSTOM', 'ANNIVERSARY', 'ON_DATE', 'EVERY_MONTH'))",
                "ALTER TABLE \"earning_event\" ADD CONSTRAINT \"earning_event_state_known\" CHECK (state IN ('WAITING', 'JUDGED', 'PARTLY_REVERSED', 'REVERSED', 'EXPIRED'))",
                'ALTER TABLE "earning_event" ADD CONSTRAINT "earning_event_amount_has_currency" CHECK ((amount_minor IS NULL) = (currency IS NULL))',
                'ALTER TABLE "earning_event" ADD CONSTRAINT "earning_event_amount_not_negative" CHECK (amount_minor >= 0)',
                'ALTER TABLE "earning_event" ADD CONSTRAINT "earning_event_returned_within" CHECK (returned_minor BETWEEN 0 AND coalesce(amount_minor, 0))',
                "ALTER TABLE \"earning_event\" ADD CONSTRAINT \"earning_event_has_a_member_or_waits\" CHECK (member_id IS NOT NULL OR state NOT IN ('JUDGED', 'PARTLY_REVERSED'))",
                'ALTER TABLE "earning_event" ADD CONSTRAINT "earning_event_opt_in_has_consent" CHECK (type <> \'OPT_IN\' OR consent_at IS NOT NULL)',
                "ALTER TABLE \"earning_policy\" ADD CONSTRAINT \"earning_policy_clawback_known\" CHECK (clawback IN ('DEBT', 'FORGIVE', 'KEEP'))",
                'ALTER TABLE "earning_policy" ADD CONSTRAINT "earning_policy_waiting_is_bounded" CHECK (waiting_days BETWEEN 0 AND 365)',
                'ALTER TABLE "earning_policy" ADD CONSTRAINT "earning_policy_patience_is_bounded" CHECK (patience_days BETWEEN 1 AND 3650)',
                "ALTER TABLE \"earning_rule\" ADD CONSTRAINT \"earning_rule_state_known\" CHECK (state IN ('DRAFT', 'LIVE', 'PAUSED', 'ENDED'))",
                "ALTER TABLE \"earning_rule\" ADD CONSTRAINT \"earning_rule_measure_known\" CHECK (measure IN ('PARTICIPANTS', 'EVENTS', 'AMOUNT', 'REFERRALS'))",
                'ALTER TABLE "earning_rule" ADD CONSTRAINT "earning_rule_target_positive" CHECK (target IS NULL OR target > 0)',
                'ALTER TABLE "referral" ADD CONSTRAINT "referral_not_oneself" CHECK (friend_id <> referrer_id)',
                'ALTER TABLE "earning_reversal" ADD CONSTRAINT "earning_reversal_amount_positive" CHECK (amount_minor > 0)',
                'CREATE UNIQUE INDEX "earning_rule_period_open_once" ON "earning_rule_period" ("rule_id") WHERE closed_at IS NULL',
                'ALTER TABLE "earning_rule_period" ADD CONSTRAINT "earning_rule_period_in_order" CHECK (closed_at IS NULL OR closed_at >= opened_at)',
                'ALTER TABLE "earning_rule_version" ADD CONSTRAINT "earning_rule_version_number_positive" CHECK (number > 0)',
                "ALTER TABLE \"earning_grant\" ADD CONSTRAINT \"earning_grant_side_known\" CHECK (side IN ('MEMBER', 'REFERRER'))",
                "ALTER TABLE \"earning_grant\" ADD CONSTRAINT \"earning_grant_state_known\" CHECK (state IN ('PENDING', 'CREDITED', 'REVERSED'))",
                'ALTER TABLE "earning_grant" ADD CONSTRAINT "earning_grant_points_positive" CHECK (points > 0)',
                'ALTER TABLE "earning_grant" ADD CONSTRAINT "earning_grant_reversed_within" CHECK (reversed_points BETWEEN 0 AND points)',
                'ALTER TABLE "earning_grant" ADD CONSTRAINT "earning_grant_times_within" CHECK (reversed_times BETWEEN 0 AND times)',
                'ALTER TABLE "earning_grant" ADD CONSTRAINT "earning_grant_credited_within" CHECK (lot_points + netted_points <= points)',
                'ALTER TABLE "earning_grant" ADD CONSTRAINT "earning_grant_credited_when_not_pending" CHECK ((credited_at IS NULL) = (lot_points + netted_points = 0))',
                "ALTER TABLE \"earning_outcome\" ADD CONSTRAINT \"earning_outcome_reason_known\" CHECK (reason IN ('EARNED', 'GOAL_NOT_YET', 'CAP_REACHED', 'BUDGET_SPENT', 'TOO_LITTLE', 'OTHER_CURRENCY', 'NO_AMOUNT', 'OTHER_TIER', 'OTHER_SEGMENT', 'OTHER_CHANNEL', 'OTHER_ATTRIBUTE', 'OTHER_DAY', 'OUTRANKED', 'NOT_REFERRED'))",
                'ALTER TABLE "earning_outcome" ADD CONSTRAINT "earning_outcome_counted_not_negative" CHECK (counted >= 0)',
                'ALTER TABLE "earning_clawback" ADD CONSTRAINT "earning_clawback_points_positive" CHECK (points > 0)',
                'ALTER TABLE "earning_clawback" ADD CONSTRAINT "earning_clawback_adds_up" CHECK (points = cancelled + taken + owed + forgiven)',
                'ALTER TABLE "earning_clawback" ADD CONSTRAINT "earning_clawback_parts_not_negative" CHECK (least(cancelled, taken, owed, forgiven, paid) >= 0)',
                'ALTER TABLE "earning_clawback" ADD CONSTRAINT "earning_clawback_paid_within" CHECK (paid <= owed)',
                'ALTER TABLE "earning_debt_payment" ADD CONSTRAINT "earning_debt_payment_points_positive" CHECK (points > 0)',
            ],
            [
                'ALTER TABLE "earning_debt_payment" DROP CONSTRAINT "earning_debt_payment_points_positive"',
                'ALTER TABLE "earning_clawback" DROP CONSTRAINT "earning_clawback_paid_within"',
                'ALTER TABLE "earning_clawback" DROP CONSTRAINT "earning_clawback_parts_not_negative"',
                'ALTER TABLE "earning_clawback" DROP CONSTRAINT "earning_clawback_adds_up"',
                'ALTER TABLE "earning_clawback" DROP CONSTRAINT "earning_clawback_points_positive"',
                'ALTER TABLE "earning_outcome" DROP CONSTRAINT "earning_outcome_counted_not_negative"',
                'ALTER TABLE "earning_outcome" DROP CONSTRAINT "earning_outcome_reason_known"',
                'ALTER TABLE "earning_grant" DROP CONSTRAINT "earning_grant_credited_when_not_pending"',
                'ALTER TABLE "earning_grant" DROP CONSTRAINT "earning_grant_credited_within"',
                'ALTER TABLE "earning_grant" DROP CONSTRAINT "earning_grant_times_within"',
                'ALTER TABLE "earning_grant" DROP CONSTRAINT "earning_grant_reversed_within"',
                'ALTER TABLE "earning_grant" DROP CONSTRAINT "earning_grant_points_positive"',
                'ALTER TABLE "earning_grant" DROP CONSTRAINT "earning_grant_state_known"',
                'ALTER TABLE "earning_grant" DROP CONSTRAINT "earning_grant_side_known"',
                'ALTER TABLE "earning_rule_version" DROP CONSTRAINT "earning_rule_version_number_positive"',
                'ALTER TABLE "earning_rule_period" DROP CONSTRAINT "earning_rule_period_in_order"',
                'DROP INDEX "earning_rule_period_open_once"',
                'ALTER TABLE "earning_reversal" DROP CONSTRAINT "earning_reversal_amount_positive"',
                'ALTER TABLE "referral" DROP CONSTRAINT "referral_not_oneself"',
                'ALTER TABLE "earning_rule" DROP CONSTRAINT "earning_rule_target_positive"',
                'ALTER TABLE "earning_rule" DROP CONSTRAINT "earning_rule_measure_known"',
                'ALTER TABLE "earning_rule" DROP CONSTRAINT "earning_rule_state_known"',
                'ALTER TABLE "earning_policy" DROP CONSTRAINT "earning_policy_patience_is_bounded"',
                'ALTER TABLE "earning_policy" DROP CONSTRAINT "earning_policy_waiting_is_bounded"',
                'ALTER TABLE "earning_policy" DROP CONSTRAINT "earning_policy_clawback_known"',
                'ALTER TABLE "earning_event" DROP CONSTRAINT "earning_event_opt_in_has_consent"',
                'ALTER TABLE "earning_event" DROP CONSTRAINT "earning_event_has_a_member_or_waits"',
                'ALTER TABLE "earning_event" DROP CONSTRAINT "earning_event_returned_within"',
                'ALTER TABLE "earning_event" DROP CONSTRAINT "earning_event_amount_not_negative"',
                'ALTER TABLE "earning_event" DROP CONSTRAINT "earning_event_amount_has_currency"',
                'ALTER TABLE "earning_event" DROP CONSTRAINT "earning_event_state_known"',
                'ALTER TABLE "earning_event" DROP CONSTRAINT "earning_event_type_known"',
                'ALTER TABLE "earning_budget_addition" DROP CONSTRAINT "earning_budget_addition_paid_has_currency"',
                'ALTER TABLE "earning_budget_addition" DROP CONSTRAINT "earning_budget_addition_points_positive"',
                'ALTER TABLE "earning_budget" DROP CONSTRAINT "earning_budget_used_within"',
            ],
        ),
    ]
