"""What a rule says, in the graph: given and shown in the same shape."""

from datetime import date
from typing import Any

import strawberry

from marketplace.earning.terms import Multiplier, Rise, Terms
from marketplace.earning.words import EventType, Kind, Period, Rounding
from marketplace.kit.graphql import BigInt, MoneyInput, MoneyType


@strawberry.type(name="EarningMultiplier", description="More points where all that is named holds.")
class MultiplierType:
    factor_bp: int = strawberry.field(description="In basis points: 20000 doubles.")
    tiers: list[str] = strawberry.field(description="Codes of levels; none means all.")
    weekdays: list[int] = strawberry.field(description="1 (Monday) to 7; none means all.")
    first_day: date | None = strawberry.field(description="The first day.")
    last_day: date | None = strawberry.field(description="The last day.")


@strawberry.type(name="EarningRise", description="More points with each time.")
class RiseType:
    step_bp: int = strawberry.field(description="What each earlier time adds, in basis points.")
    most_bp: int = strawberry.field(description="Where it stops, in basis points.")
    period: Period = strawberry.field(description="When it begins anew.")


@strawberry.type(name="EarningAttribute", description="A fact of an event, by name.")
class AttributeType:
    name: str = strawberry.field(description="Its name.")
    value: str = strawberry.field(description="Its value.")


@strawberry.type(name="EarningTerms", description="What a rule says of events.")
class TermsType:
    kind: Kind = strawberry.field(description="How it counts.")
    events: list[EventType] = strawberry.field(description="What it looks at.")
    custom_name: str = strawberry.field(description="The name of the custom event; else empty.")
    points: BigInt = strawberry.field(description="What it gives each time, for each amount, or at the goal.")
    referrer_points: BigInt = strawberry.field(description="What it gives to who invited the member.")
    per: list[MoneyType] = strawberry.field(
        description="For each of which it gives; or the amount that is the goal."
    )
    rounding: Rounding = strawberry.field(description="What becomes of a part of a point.")
    goal_times: int = strawberry.field(description="How many times the goal takes; 0 without such a goal.")
    goal_period: Period = strawberry.field(description="Within what the goal has to be reached.")
    goal_repeats: bool = strawberry.field(description="Whether the goal can be reached again in the period.")
    multipliers: list[MultiplierType] = strawberry.field(description="More in some cases; several are multiplied.")
    rise: RiseType | None = strawberry.field(description="More with each time.")
    cap_points: BigInt | None = strawberry.field(description="The most points for a member in a period.")
    cap_times: int | None = strawberry.field(description="The most times for a member in a period.")
    cap_period: Period = strawberry.field(description="The period of the limits.")
    pending_days: int = strawberry.field(description="How many days after the event the points come.")
    needs_confirmation: bool = strawberry.field(description="Whether points wait for the event to be confirmed.")
    tiers: list[str] = strawberry.field(description="Codes of levels it is for; none means all.")
    segments: list[str] = strawberry.field(description="Segments it is for; none means all.")
    channels: list[str] = strawberry.field(description="Channels it is for; none means all.")
    minimum: list[MoneyType] = strawberry.field(description="The smallest amount that counts, by currency.")
    attributes: list[AttributeType] = strawberry.field(description="What an event's attributes must be.")
    first_day: date | None = strawberry.field(description="The first day it holds.")
    last_day: date | None = strawberry.field(description="The last day it holds.")
    group: str = strawberry.field(description="Rules of one group do not add up: the one that gives most does.")
    on_day: date | None = strawberry.field(description="The day of an award on a date.")
    day_of_month: int | None = strawberry.field(description="The day of a monthly award.")
    held_out_bp: int = strawberry.field(
        description="The share of the members who get nothing by it, to measure it against; in basis points."
    )

    @classmethod
    def of(cls, said: Terms) -> "TermsType":
        plain: dict[str, Any] = {
            name: getattr(said, name)
            for name in (
                "kind", "custom_name", "rounding", "goal_times", "goal_period", "goal_repeats", "cap_times",
                "cap_period", "pending_days", "needs_confirmation", "first_day", "last_day", "group", "on_day",
                "day_of_month", "held_out_bp",
            )
        }  # fmt: skip
        lists: dict[str, Any] = {
            name: list(getattr(said, name)) for name in ("events", "tiers", "segments", "channels")
        }
        return cls(
            **plain,
            **lists,
            points=BigInt(said.points),
            referrer_points=BigInt(said.referrer_points),
            per=[MoneyType.of(each) for each in said.per],
            multipliers=[
                MultiplierType(
                    factor_bp=each.factor_bp,
                    tiers=list(each.tiers),
                    weekdays=list(each.weekdays),
                    first_day=each.first_day,
                    last_day=each.last_day,
                )
                for each in said.multipliers
            ],
            rise=RiseType(step_bp=said.rise.step_bp, most_bp=said.rise.most_bp, period=said.rise.period)
            if said.rise
            else None,
            cap_points=None if said.cap_points is None else BigInt(said.cap_points),
            minimum=[MoneyType.of(each) for each in said.minimum],
            attributes=[AttributeType(name=name, value=value) for name, value in said.attributes],
        )


@strawberry.input(description="More points where all that is named holds.")
class EarningMultiplierInput:
    factor_bp: int = strawberry.field(description="In basis points: 20000 doubles.")
    tiers: list[str] = strawberry.field(default_factory=list, description="Codes of levels; none means all.")
    weekdays: list[int] = strawberry.field(default_factory=list, description="1 (Monday) to 7; none means all.")
    first_day: date | None = strawberry.field(default=None, description="The first day.")
    last_day: date | None = strawberry.field(default=None, description="The last day.")


@strawberry.input(description="More points with each time.")
class EarningRiseInput:
    step_bp: int = strawberry.field(description="What each earlier time adds, in basis points.")
    most_bp: int = strawberry.field(description="Where it stops, in basis points.")
    period: Period = strawberry.field(default=Period.MONTH, description="When it begins anew.")


@strawberry.input(description="A fact of an event, by name.")
class EarningAttributeInput:
    name: str = strawberry.field(description="Up to 40 characters.")
    value: str = strawberry.field(description="Up to 200 characters.")


@strawberry.input(description="What a rule says of events. Only kind, events and points are always needed.")
class EarningTermsInput:
    kind: Kind = strawberry.field(description="How it counts.")
    events: list[EventType] = strawberry.field(description="What it looks at.")
    points: BigInt = strawberry.field(description="What it gives each time, for each amount, or at the goal.")
    custom_name: str = strawberry.field(default="", description="The name of your own event, for CUSTOM.")
    referrer_points: BigInt = strawberry.field(default=BigInt(0), description="For who invited, with REFERRAL.")
    per: list[MoneyInput] = strawberry.field(
        default_factory=list,
        description="For each of which it gives, one a currency; or the amount that is the goal.",
    )
    rounding: Rounding = strawberry.field(default=Rounding.DOWN, description="What becomes of a part of a point.")
    goal_times: int = strawberry.field(default=0, description="How many times, with GOAL_TIMES.")
    goal_period: Period = strawberry.field(default=Period.EVER, description="Within what a goal is to be reached.")
    goal_repeats: bool = strawberry.field(default=False, description="Whether a goal can be reached again.")
    multipliers: list[EarningMultiplierInput] = strawberry.field(
        default_factory=list, description="More in some cases; several that apply are multiplied."
    )
    rise: EarningRiseInput | None = strawberry.field(default=None, description="More with each time.")
    cap_points: BigInt | None = strawberry.field(default=None, description="The most points a member and period.")
    cap_times: int | None = strawberry.field(default=None, description="The most times a member and period.")
    cap_period: Period = strawberry.field(default=Period.EVER, description="The period of the limits.")
    pending_days: int = strawberry.field(default=0, description="How many days after the event points come.")
    needs_confirmation: bool = strawberry.field(
        default=False, description="Points wait for `confirmEvent`, at most `pendingDays` when there are any."
    )
    tiers: list[str] = strawberry.field(default_factory=list, description="Codes of levels; none means all.")
    segments: list[str] = strawberry.field(default_factory=list, description="Segments; none means all.")
    channels: list[str] = strawberry.field(default_factory=list, description="Channels; none means all.")
    minimum: list[MoneyInput] = strawberry.field(
        default_factory=list, description="The smallest amount that counts, one a currency."
    )
    attributes: list[EarningAttributeInput] = strawberry.field(
        default_factory=list, description="What an event's attributes must be."
    )
    first_day: date | None = strawberry.field(default=None, description="The first day it holds.")
    last_day: date | None = strawberry.field(default=None, description="The last day it holds.")
    group: str = strawberry.field(
        default="", description="Rules of one group do not add up: the one that gives most does. Empty adds up."
    )
    on_day: date | None = strawberry.field(default=None, description="The day, with ON_DATE.")
    day_of_month: int | None = strawberry.field(default=None, description="1 to 28, with EVERY_MONTH.")
    held_out_bp: int = strawberry.field(
        default=0, description="Keep a share of the members out, to measure it against: up to 5000 basis points."
    )

    def terms(self, path: str) -> Terms:
        """As the room's terms; raises InvalidInput for amounts that are none, naming `path`."""
        return Terms(
            kind=self.kind,
            events=tuple(self.events),
            custom_name=self.custom_name,
            points=self.points,
            referrer_points=self.referrer_points,
            per=tuple(each.money(f"{path}.per.{index}") for index, each in enumerate(self.per)),
            rounding=self.rounding,
            goal_times=self.goal_times,
            goal_period=self.goal_period,
            goal_repeats=self.goal_repeats,
            multipliers=tuple(_multiplier(each) for each in self.multipliers),
            rise=Rise(step_bp=self.rise.step_bp, most_bp=self.rise.most_bp, period=self.rise.period)
            if self.rise
            else None,
            cap_points=self.cap_points,
            cap_times=self.cap_times,
            cap_period=self.cap_period,
            pending_days=self.pending_days,
            needs_confirmation=self.needs_confirmation,
            tiers=tuple(self.tiers),
            segments=tuple(self.segments),
            channels=tuple(self.channels),
            minimum=tuple(each.money(f"{path}.minimum.{index}") for index, each in enumerate(self.minimum)),
            attributes=tuple((each.name, each.value) for each in self.attributes),
            first_day=self.first_day,
            last_day=self.last_day,
            group=self.group,
            on_day=self.on_day,
            day_of_month=self.day_of_month,
            held_out_bp=self.held_out_bp,
        )


def _multiplier(given: EarningMultiplierInput) -> Multiplier:
    return Multiplier(
        factor_bp=given.factor_bp,
        tiers=tuple(given.tiers),
        weekdays=tuple(given.weekdays),
        first_day=given.first_day,
        last_day=given.last_day,
    )
