"""Tables of earning."""

from datetime import datetime
from typing import Any, ClassVar
from uuid import UUID

from tortoise import fields
from tortoise.indexes import Index
from tortoise.models import Model

from marketplace.earning.words import (
    Clawback,
    EventState,
    EventType,
    GrantState,
    Measure,
    Reason,
    RuleState,
    Side,
)
from marketplace.kit import columns


class EarningPolicy(Model):
    """What a program says of all its rules; a program without a row goes by the defaults."""

    program: Any = columns.ref_key("members.Program")
    program_id: UUID
    clawback: fields.Field[str] = columns.text(20, default=Clawback.DEBT.value)
    waiting_days: fields.Field[int] = fields.IntField(default=90)
    patience_days: fields.Field[int] = fields.IntField(default=60)

    class Meta(Model.Meta):
        table = "earning_policy"
        constraints = [
            columns.one_of("earning_policy", "clawback", Clawback),
            columns.holds("earning_policy", "waiting_is_bounded", "waiting_days BETWEEN 0 AND 365"),
            columns.holds("earning_policy", "patience_is_bounded", "patience_days BETWEEN 1 AND 3650"),
        ]


class EarningBudget(Model):
    """Points that rules may give: `used` never passes `points`. A prepaid one was bought, by its sponsor."""

    id: fields.Field[UUID] = columns.key()
    program: Any = columns.ref("members.Program", index=False)
    program_id: UUID
    code: fields.Field[str] = columns.text(40)
    sponsor: fields.Field[str] = columns.text(120, default="")
    points: fields.Field[int] = columns.whole(0)
    used: fields.Field[int] = columns.whole(0)
    created_at: fields.Field[datetime] = columns.moment()

    class Meta(Model.Meta):
        table = "earning_budget"
        unique_together = (("program_id", "code"),)
        constraints = [columns.holds("earning_budget", "used_within", "used >= 0 AND used <= points")]


class BudgetAddition(Model):
    """Points added to a budget, or (below zero) taken out, once for each reference, and what was paid for them."""

    id: fields.Field[UUID] = columns.key()
    budget: Any = columns.ref("earning.EarningBudget", index=False)
    budget_id: UUID
    reference: fields.Field[str] = columns.text(200)
    points: fields.Field[int] = columns.whole()
    paid_minor: fields.Field[int | None] = columns.whole_or_none()
    paid_currency: fields.Field[str | None] = columns.text_or_none(3)
    added_at: fields.Field[datetime] = columns.moment()

    append_only: ClassVar[bool] = True

    class Meta(Model.Meta):
        table = "earning_budget_addition"
        unique_together = (("budget_id", "reference"),)
        constraints = [
            columns.holds("earning_budget_addition", "changes_something", "points <> 0"),
            columns.holds(
                "earning_budget_addition", "paid_has_currency", "(paid_minor IS NULL) = (paid_currency IS NULL)"
            ),
        ]


class EarningRule(Model):
    """What a program gives for something, under a code of its own. What it says stands in its versions."""

    id: fields.Field[UUID] = columns.key()
    program: Any = columns.ref("members.Program", index=False)
    program_id: UUID
    code: fields.Field[str] = columns.text(40)
    state: fields.Field[str] = columns.text(20)
    objective: fields.Field[str] = columns.text(200)
    measure: fields.Field[str] = columns.text(20)
    target: fields.Field[int | None] = columns.whole_or_none()
    budget: Any = columns.ref("earning.EarningBudget", null=True)
    budget_id: UUID | None
    created_at: fields.Field[datetime] = columns.moment()

    class Meta(Model.Meta):
        table = "earning_rule"
        unique_together = (("program_id", "code"),)
        constraints = [
            columns.one_of("earning_rule", "state", RuleState),
            columns.one_of("earning_rule", "measure", Measure),
            columns.holds("earning_rule", "target_positive", "target IS NULL OR target > 0"),
        ]


class RuleVersion(Model):
    """What a rule says of events from a moment on, until its next version begins."""

    id: fields.Field[UUID] = columns.key()
    rule: Any = columns.ref("earning.EarningRule", index=False)
    rule_id: UUID
    number: fields.Field[int] = fields.IntField()
    valid_from: fields.Field[datetime] = columns.moment()
    terms: fields.Field[dict[str, Any]] = columns.facts()
    made_at: fields.Field[datetime] = columns.moment()

    append_only: ClassVar[bool] = True

    class Meta(Model.Meta):
        table = "earning_rule_version"
        unique_together = (("rule_id", "number"), ("rule_id", "valid_from"))
        constraints = [columns.holds("earning_rule_version", "number_positive", "number > 0")]


class RulePeriod(Model):
    """A time during which a rule was live: it looks at what was done in it, whenever it is told."""

    id: fields.Field[UUID] = columns.key()
    rule: Any = columns.ref("earning.EarningRule")
    rule_id: UUID
    opened_at: fields.Field[datetime] = columns.moment()
    closed_at: fields.Field[datetime | None] = columns.moment_or_none()

    class Meta(Model.Meta):
        table = "earning_rule_period"
        constraints = [
            columns.Unique(
                fields=("rule_id",), name="earning_rule_period_open_once", condition="closed_at IS NULL"
            ),
            columns.holds("earning_rule_period", "in_order", "closed_at IS NULL OR closed_at >= opened_at"),
        ]


class EarningEvent(Model):
    """Something a person did, told once under the program's reference. `returned_minor` went back since."""

    id: fields.Field[UUID] = columns.key()
    program: Any = columns.ref("members.Program", index=False)
    program_id: UUID
    reference: fields.Field[str] = columns.text(200)
    fingerprint: fields.Field[str] = columns.text(64)
    type: fields.Field[str] = columns.text(30)
    custom_name: fields.Field[str] = columns.text(60, default="")
    member: Any = columns.ref("members.Member", null=True, index=False)
    member_id: UUID | None
    member_reference: fields.Field[str] = columns.text(120)
    effective_at: fields.Field[datetime] = columns.moment()
    recorded_at: fields.Field[datetime] = columns.moment()
    amount_minor: fields.Field[int | None] = columns.whole_or_none()
    currency: fields.Field[str | None] = columns.text_or_none(3)
    channel: fields.Field[str] = columns.text(60, default="")
    location: fields.Field[str] = columns.text(120, default="")
    attributes: fields.Field[dict[str, Any]] = columns.facts()
    items: fields.Field[list[Any]] = fields.JSONField[list[Any]](default=list)
    consent_purpose: fields.Field[str | None] = columns.text_or_none(200)
    consent_version: fields.Field[str | None] = columns.text_or_none(60)
    consent_at: fields.Field[datetime | None] = columns.moment_or_none()
    referral_code: fields.Field[str | None] = columns.text_or_none(20)
    state: fields.Field[str] = columns.text(20)
    returned_minor: fields.Field[int] = columns.whole(0)

    class Meta(Model.Meta):
        table = "earning_event"
        unique_together = (("program_id", "reference"),)
        indexes = [
            Index(fields=["member_id", "effective_at"], name="earning_event_of_member"),
            Index(fields=["program_id", "id"], name="earning_event_of_program"),
            Index(fields=["program_id", "state", "member_reference"], name="earning_event_waiting"),
            Index(fields=["program_id", "effective_at"], name="earning_event_by_day"),
        ]
        constraints = [
            columns.one_of("earning_event", "type", EventType),
            columns.one_of("earning_event", "state", EventState),
            columns.holds("earning_event", "amount_has_currency", "(amount_minor IS NULL) = (currency IS NULL)"),
            columns.holds("earning_event", "amount_not_negative", "amount_minor >= 0"),
            columns.holds(
                "earning_event", "returned_within", "returned_minor BETWEEN 0 AND coalesce(amount_minor, 0)"
            ),
            columns.holds(
                "earning_event",
                "has_a_member_or_waits",
                "member_id IS NOT NULL OR state NOT IN ('JUDGED', 'PARTLY_REVERSED')",
            ),
            columns.holds("earning_event", "opt_in_has_consent", "type <> 'OPT_IN' OR consent_at IS NOT NULL"),
        ]


class UncountedSpend(Model):
    """What a purchase cost does not count towards levels yet: no exchange rate of its currency is known."""

    event: Any = columns.ref_key("earning.EarningEvent")
    event_id: UUID
    since: fields.Field[datetime] = columns.moment()

    class Meta(Model.Meta):
        table = "earning_uncounted_spend"


class Outcome(Model):
    """What one rule made of one event. `counted` is what stands toward its goal: times, or minor units.

    `held_out` says that the member was of the share that the rule is measured against.
    """

    id: fields.Field[UUID] = columns.key()
    event: Any = columns.ref("earning.EarningEvent", index=False)
    event_id: UUID
    rule: Any = columns.ref("earning.EarningRule", index=False)
    rule_id: UUID
    version: Any = columns.ref("earning.RuleVersion", index=False)
    version_id: UUID
    member: Any = columns.ref("members.Member", index=False)
    member_id: UUID
    effective_at: fields.Field[datetime] = columns.moment()
    reason: fields.Field[str] = columns.text(30)
    facts: fields.Field[dict[str, Any]] = columns.facts()
    counted: fields.Field[int] = columns.whole(0)
    held_out: fields.Field[bool] = columns.flag()

    class Meta(Model.Meta):
        table = "earning_outcome"
        unique_together = (("event_id", "rule_id"),)
        indexes = [Index(fields=["rule_id", "member_id", "effective_at"], name="earning_outcome_tally")]
        constraints = [
            columns.one_of("earning_outcome", "reason", Reason),
            columns.holds("earning_outcome", "counted_not_negative", "counted >= 0"),
        ]


class Grant(Model):
    """Points that a rule gave for an event, to one side.

    `points` = `reversed_points` + `lot_points` (they became a lot) + `netted_points` (they paid a debt) at the
    moment it is credited; what is reversed later is taken back by clawbacks.
    """

    id: fields.Field[UUID] = columns.key()
    event: Any = columns.ref("earning.EarningEvent", index=False)
    event_id: UUID
    rule: Any = columns.ref("earning.EarningRule", index=False)
    rule_id: UUID
    version: Any = columns.ref("earning.RuleVersion", index=False)
    version_id: UUID
    member: Any = columns.ref("members.Member", index=False)
    member_id: UUID
    side: fields.Field[str] = columns.text(10)
    points: fields.Field[int] = columns.whole()
    times: fields.Field[int] = fields.IntField(default=1)
    multiplier_bp: fields.Field[int] = columns.whole()
    state: fields.Field[str] = columns.text(20)
    effective_at: fields.Field[datetime] = columns.moment()
    pending_until: fields.Field[datetime | None] = columns.moment_or_none()
    credited_at: fields.Field[datetime | None] = columns.moment_or_none()
    reversed_points: fields.Field[int] = columns.whole(0)
    reversed_times: fields.Field[int] = fields.IntField(default=0)
    lot_points: fields.Field[int] = columns.whole(0)
    netted_points: fields.Field[int] = columns.whole(0)

    class Meta(Model.Meta):
        table = "earning_grant"
        unique_together = (("event_id", "rule_id", "side"),)
        indexes = [
            Index(fields=["rule_id", "member_id", "effective_at"], name="earning_grant_tally"),
            Index(fields=["state", "pending_until"], name="earning_grant_due"),
            Index(fields=["member_id", "state"], name="earning_grant_of_member"),
        ]
        constraints = [
            columns.one_of("earning_grant", "side", Side),
            columns.one_of("earning_grant", "state", GrantState),
            columns.holds("earning_grant", "points_positive", "points > 0"),
            columns.holds("earning_grant", "reversed_within", "reversed_points BETWEEN 0 AND points"),
            columns.holds("earning_grant", "times_within", "reversed_times BETWEEN 0 AND times"),
            columns.holds("earning_grant", "credited_within", "lot_points + netted_points <= points"),
            columns.holds(
                "earning_grant",
                "credited_when_not_pending",
                "(credited_at IS NULL) = (lot_points + netted_points = 0)",
            ),
        ]


class Reversal(Model):
    """A purchase that went back, whole or in part (`amount_minor`), once for each of the program's references."""

    id: fields.Field[UUID] = columns.key()
    program: Any = columns.ref("members.Program", index=False)
    program_id: UUID
    event: Any = columns.ref("earning.EarningEvent")
    event_id: UUID
    reference: fields.Field[str] = columns.text(200)
    amount_minor: fields.Field[int | None] = columns.whole_or_none()
    reason: fields.Field[str] = columns.text(200)
    at: fields.Field[datetime] = columns.moment()

    append_only: ClassVar[bool] = True

    class Meta(Model.Meta):
        table = "earning_reversal"
        unique_together = (("program_id", "reference"),)
        constraints = [columns.holds("earning_reversal", "amount_positive", "amount_minor > 0")]


class Taken(Model):
    """Points of a grant that a reversal took back: before they came, from the wallet, as a debt, or forgiven.

    `paid` of what is `owed` has come in since, from later grants.
    """

    id: fields.Field[UUID] = columns.key()
    reversal: Any = columns.ref("earning.Reversal", index=False)
    reversal_id: UUID
    grant: Any = columns.ref("earning.Grant")
    grant_id: UUID
    member: Any = columns.ref("members.Member", index=False)
    member_id: UUID
    points: fields.Field[int] = columns.whole()
    cancelled: fields.Field[int] = columns.whole(0)
    taken: fields.Field[int] = columns.whole(0)
    owed: fields.Field[int] = columns.whole(0)
    forgiven: fields.Field[int] = columns.whole(0)
    paid: fields.Field[int] = columns.whole(0)
    at: fields.Field[datetime] = columns.moment()

    class Meta(Model.Meta):
        table = "earning_clawback"
        unique_together = (("reversal_id", "grant_id"),)
        indexes = [Index(fields=["member_id", "id"], name="earning_clawback_of_member")]
        constraints = [
            columns.holds("earning_clawback", "points_positive", "points > 0"),
            columns.holds("earning_clawback", "adds_up", "points = cancelled + taken + owed + forgiven"),
            columns.holds(
                "earning_clawback", "parts_not_negative", "least(cancelled, taken, owed, forgiven, paid) >= 0"
            ),
            columns.holds("earning_clawback", "paid_within", "paid <= owed"),
        ]


class DebtPayment(Model):
    """Points of a grant that paid a debt instead of going into the wallet."""

    id: fields.Field[UUID] = columns.key()
    debt: Any = columns.ref("earning.Taken", index=False)
    debt_id: UUID
    grant: Any = columns.ref("earning.Grant")
    grant_id: UUID
    points: fields.Field[int] = columns.whole()
    at: fields.Field[datetime] = columns.moment()

    append_only: ClassVar[bool] = True

    class Meta(Model.Meta):
        table = "earning_debt_payment"
        unique_together = (("debt_id", "grant_id"),)
        constraints = [columns.holds("earning_debt_payment", "points_positive", "points > 0")]


class ReferralCode(Model):
    """What a member gives to friends."""

    member: Any = columns.ref_key("members.Member")
    member_id: UUID
    program: Any = columns.ref("members.Program", index=False)
    program_id: UUID
    code: fields.Field[str] = columns.text(20)
    made_at: fields.Field[datetime] = columns.moment()

    class Meta(Model.Meta):
        table = "referral_code"
        unique_together = (("program_id", "code"),)


class Referral(Model):
    """Who sent whom, once for each friend; `qualified_event` is the friend's first purchase."""

    friend: Any = columns.ref_key("members.Member")
    friend_id: UUID
    referrer: Any = columns.ref("members.Member")
    referrer_id: UUID
    referred_at: fields.Field[datetime] = columns.moment()
    qualified_event: Any = columns.ref("earning.EarningEvent", null=True)
    qualified_event_id: UUID | None

    class Meta(Model.Meta):
        table = "referral"
        constraints = [columns.holds("referral", "not_oneself", "friend_id <> referrer_id")]
