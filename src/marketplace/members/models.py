"""Tables of programs, tiers, members and their personal data."""

from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any, ClassVar
from uuid import UUID

from tortoise import fields
from tortoise.models import Model

from marketplace.kit import columns


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
    """The business whose customers earn points. Its point unit in the books is `PTS-<code>`."""

    id: fields.Field[UUID] = columns.key()
    code: fields.Field[str] = columns.text(20, unique=True)
    name: fields.Field[str] = columns.text(120)
    point_name: fields.Field[str] = columns.text(60)
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
