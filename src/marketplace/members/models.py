"""Tables of programs, tiers, members and their personal data."""

from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any, ClassVar
from uuid import UUID

from tortoise import fields
from tortoise.indexes import Index
from tortoise.models import Model

from marketplace.kit import columns
from marketplace.kit.periods import LimitPeriod
from marketplace.members.point_names import PointName


class MemberStatus(StrEnum):
    """Whether a member can still act."""

    ACTIVE = "ACTIVE"
    ERASED = "ERASED"


class Period(StrEnum):
    """A calendar period in the program's time zone."""

    DAY = "DAY"
    MONTH = "MONTH"
    YEAR = "YEAR"


class Program(Model):
    """The business whose customers earn points. Its point unit in the books is `PTS-<code>`.

    `point_name` is its own word for points; `point_forms` are its forms, such as one and other, by language.
    """

    id: fields.Field[UUID] = columns.key()
    code: fields.Field[str] = columns.text(20, unique=True)
    name: fields.Field[str] = columns.text(120)
    point_name: fields.Field[str] = columns.text(60)
    point_forms: fields.Field[dict[str, dict[str, str]]] = fields.JSONField[dict[str, dict[str, str]]](
        default=dict
    )
    home_currency: fields.Field[str] = columns.text(3)
    timezone: fields.Field[str] = columns.text(60)
    countries: fields.Field[list[str]] = columns.names()
    lot_months: fields.Field[int] = fields.IntField(default=24)
    issuer: fields.Field[str] = columns.text(300, unique=True)
    audience: fields.Field[str] = columns.text(120)
    jwks_uri: fields.Field[str | None] = columns.text_or_none(300)
    enrol_on_sight: fields.Field[bool] = columns.flag()
    reviews_rewards: fields.Field[bool] = columns.flag()
    gift_days: fields.Field[int] = fields.IntField(default=30)
    limits: fields.Field[dict[str, dict[str, int]] | None] = fields.JSONField[dict[str, dict[str, int]] | None](
        null=True
    )
    created_at: fields.Field[datetime] = columns.moment()

    class Meta(Model.Meta):
        table = "program"
        constraints = [
            columns.holds("program", "code_is_a_word", "code ~ '^[A-Z][A-Z0-9]{1,19}$'"),
            columns.holds("program", "lots_live", "lot_months > 0"),
        ]

    @property
    def unit(self) -> str:
        """The program's point unit in the books."""
        return f"PTS-{self.code}"

    @property
    def points_called(self) -> PointName:
        """What its points are called, by language."""
        return PointName(self.point_name, self.point_forms)


class PointValue(Model):
    """What one point is worth in major units of the program's home currency, from a day on."""

    id: fields.Field[UUID] = columns.key()
    program: Any = columns.ref("members.Program")
    program_id: UUID
    valid_from: fields.Field[date] = columns.day()
    value: fields.Field[Decimal] = columns.exact()

    append_only: ClassVar[bool] = True

    class Meta(Model.Meta):
        table = "point_value"
        unique_together = (("program_id", "valid_from"),)
        constraints = [columns.holds("point_value", "positive", "value > 0")]


class RedemptionPolicy(Model):
    """What points of a program can become, from a moment on, in one market or (`country` "") in all others.

    `worth_bp` is what a point is worth by kind of reward, in basis points of its value; a kind that is not named
    is worth all of it. `cash_rate_bp` of the value is paid out (0 = no cash), from `cash_min_points` a time, up to
    `cash_max_points` in a `cash_period`, in `cash_countries`, some days after enrolment and after earning, to
    members whose identity was confirmed if `identity_required`. At least `points_share_bp` of a price is paid in
    points, the rest by card (10000 = no card). `arms` are tested beside it: name -> share of the members and what
    differs for them. Append-only: what a redemption was made by stays.
    """

    id: fields.Field[UUID] = columns.key()
    program: Any = columns.ref("members.Program", index=False)
    program_id: UUID
    country: fields.Field[str] = columns.text(2, default="")
    valid_from: fields.Field[datetime] = columns.moment()
    worth_bp: fields.Field[dict[str, Any]] = columns.facts()
    cash_rate_bp: fields.Field[int] = fields.IntField(default=0)
    cash_min_points: fields.Field[int] = columns.whole(0)
    cash_max_points: fields.Field[int] = columns.whole(0)
    cash_period: fields.Field[str] = columns.text(10, default=Period.MONTH.value)
    cash_countries: fields.Field[list[str]] = columns.names()
    identity_required: fields.Field[bool] = columns.flag()
    enrolled_days: fields.Field[int] = fields.IntField(default=0)
    earned_days: fields.Field[int] = fields.IntField(default=0)
    points_share_bp: fields.Field[int] = fields.IntField(default=10_000)
    arms: fields.Field[dict[str, Any]] = columns.facts()

    append_only: ClassVar[bool] = True

    class Meta(Model.Meta):
        table = "redemption_policy"
        unique_together = (("program_id", "country", "valid_from"),)
        constraints = [
            columns.one_of("redemption_policy", "cash_period", Period),
            columns.holds("redemption_policy", "cash_rate_is_a_share", "cash_rate_bp BETWEEN 0 AND 10000"),
            columns.holds("redemption_policy", "points_share_is_a_share", "points_share_bp BETWEEN 0 AND 10000"),
            columns.holds(
                "redemption_policy", "cash_limits_in_order", "cash_min_points BETWEEN 0 AND cash_max_points"
            ),
            columns.holds("redemption_policy", "days_not_negative", "enrolled_days >= 0 AND earned_days >= 0"),
        ]


class TierLevel(Model):
    """A level of a program with the discount its members get on points prices."""

    id: fields.Field[UUID] = columns.key()
    program: Any = columns.ref("members.Program")
    program_id: UUID
    code: fields.Field[str] = columns.text(40)
    name: fields.Field[str] = columns.text(60)
    rank: fields.Field[int] = fields.IntField()
    discount_bp: fields.Field[int] = fields.IntField(default=0)

    class Meta(Model.Meta):
        table = "tier_level"
        unique_together = (("program_id", "code"), ("program_id", "rank"))
        constraints = [columns.holds("tier_level", "discount_is_a_share", "discount_bp BETWEEN 0 AND 10000")]


class Member(Model):
    """A person enrolled in a program, known by the program's own reference."""

    id: fields.Field[UUID] = columns.key()
    program: Any = columns.ref("members.Program")
    program_id: UUID
    reference: fields.Field[str] = columns.text(120)
    subject: fields.Field[str] = columns.text(200)
    country: fields.Field[str] = columns.text(2)
    languages: fields.Field[list[str]] = columns.names()
    tier: Any = columns.ref("members.TierLevel", null=True)
    tier_id: UUID | None
    segments: fields.Field[list[str]] = columns.names()
    status: fields.Field[str] = columns.text(20)
    enrolled_at: fields.Field[datetime] = columns.moment()
    identity_confirmed_at: fields.Field[datetime | None] = columns.moment_or_none()

    class Meta(Model.Meta):
        table = "member"
        unique_together = (("program_id", "reference"), ("program_id", "subject"))
        constraints = [columns.one_of("member", "status", MemberStatus)]


class PersonalData(Model):
    """What names a person. Erasing it touches no total."""

    member: Any = columns.ref_key("members.Member")
    member_id: UUID
    name: fields.Field[str] = columns.text(200, default="")
    email: fields.Field[str] = columns.text(320, default="")

    class Meta(Model.Meta):
        table = "personal_data"


class TierBasis(StrEnum):
    """What counts towards a level, apart from what can be spent."""

    POINTS = "POINTS"
    SPEND = "SPEND"
    COUNT = "COUNT"


class TierWindow(StrEnum):
    """In which stretch of time it counts."""

    CALENDAR = "CALENDAR"
    ROLLING = "ROLLING"


class Landing(StrEnum):
    """Where somebody lands who has not earned a level again."""

    ONE_LEVEL = "ONE_LEVEL"
    EARNED = "EARNED"


class TierChangeReason(StrEnum):
    """Why a member's level, or its date, changed."""

    EARNED = "EARNED"
    GIVEN = "GIVEN"
    GRACE = "GRACE"
    PERIOD_ENDED = "PERIOD_ENDED"


class TierScheme(Model):
    """How members of a program earn and lose its levels, from a moment on.

    `terms` says for each level's code its `threshold` in a period of `months` (None: only given) and its
    `discount_bp`. SPEND is in minor units of the home currency. A discount never takes a points price below what
    the partner is owed plus `margin_bp` of it (None: no floor), and takes at most `max_discount_points` off.
    """

    id: fields.Field[UUID] = columns.key()
    program: Any = columns.ref("members.Program", index=False)
    program_id: UUID
    valid_from: fields.Field[datetime] = columns.moment()
    basis: fields.Field[str] = columns.text(20)
    span: fields.Field[str] = columns.text(20)
    months: fields.Field[int] = fields.IntField()
    grace_months: fields.Field[int] = fields.IntField(default=0)
    landing: fields.Field[str] = columns.text(20)
    terms: fields.Field[dict[str, Any]] = columns.facts()
    margin_bp: fields.Field[int | None] = fields.IntField(null=True)
    max_discount_points: fields.Field[int | None] = columns.whole_or_none()
    stated_at: fields.Field[datetime] = columns.moment()

    append_only: ClassVar[bool] = True

    class Meta(Model.Meta):
        table = "tier_scheme"
        unique_together = (("program_id", "valid_from"),)
        constraints = [
            columns.one_of("tier_scheme", "basis", TierBasis),
            columns.one_of("tier_scheme", "span", TierWindow),
            columns.one_of("tier_scheme", "landing", Landing),
            columns.holds("tier_scheme", "months_positive", "months > 0 AND grace_months >= 0"),
            columns.holds("tier_scheme", "margin_not_negative", "margin_bp >= 0 AND max_discount_points >= 0"),
        ]


class TierCredit(Model):
    """Something that counts towards levels, once for each cause; what is taken back has negative amounts."""

    id: fields.Field[UUID] = columns.key()
    member: Any = columns.ref("members.Member", index=False)
    member_id: UUID
    ref_type: fields.Field[str] = columns.text(60)
    ref_id: fields.Field[UUID] = fields.UUIDField()
    points: fields.Field[int] = columns.whole(0)
    spend_minor: fields.Field[int] = columns.whole(0)
    events: fields.Field[int] = fields.IntField(default=0)
    at: fields.Field[datetime] = columns.moment()
    recorded_at: fields.Field[datetime] = columns.moment()

    append_only: ClassVar[bool] = True

    class Meta(Model.Meta):
        table = "tier_credit"
        unique_together = (("ref_type", "ref_id"),)
        indexes = [Index(fields=["member_id", "at"], name="tier_credit_window")]


class TierStanding(Model):
    """Until when a member keeps the level; judged then. Without a row, or without a date, nothing is judged."""

    member: Any = columns.ref_key("members.Member")
    member_id: UUID
    until: fields.Field[datetime | None] = columns.moment_or_none()
    in_grace: fields.Field[bool] = columns.flag()

    class Meta(Model.Meta):
        table = "tier_standing"
        indexes = [Index(fields=["until"], name="tier_standing_due")]


class MemberUse(Model):
    """How often a member redeemed, and for how many points, in the current period of a limit of the program."""

    id: fields.Field[UUID] = columns.key()
    member: Any = columns.ref("members.Member", index=False)
    member_id: UUID
    period: fields.Field[str] = columns.text(20)
    starts_at: fields.Field[datetime] = columns.moment()
    resets_at: fields.Field[datetime] = columns.moment()
    redemptions: fields.Field[int] = fields.IntField()
    points: fields.Field[int] = columns.whole()

    class Meta(Model.Meta):
        table = "member_use"
        unique_together = (("member_id", "period"),)
        constraints = [
            columns.one_of("member_use", "period", LimitPeriod),
            columns.holds(
                "member_use", "not_negative", "redemptions >= 0 AND points >= 0 AND resets_at > starts_at"
            ),
        ]


class TierChange(Model):
    """A member's level changed, or got another date, with the reason. Append-only."""

    id: fields.Field[UUID] = columns.key()
    member: Any = columns.ref("members.Member")
    member_id: UUID
    from_tier: Any = columns.ref("members.TierLevel", null=True, index=False)
    from_tier_id: UUID | None
    to_tier: Any = columns.ref("members.TierLevel", null=True, index=False)
    to_tier_id: UUID | None
    reason: fields.Field[str] = columns.text(20)
    qualified: fields.Field[int | None] = columns.whole_or_none()
    until: fields.Field[datetime | None] = columns.moment_or_none()
    at: fields.Field[datetime] = columns.moment()

    append_only: ClassVar[bool] = True

    class Meta(Model.Meta):
        table = "tier_change"
        constraints = [columns.one_of("tier_change", "reason", TierChangeReason)]
