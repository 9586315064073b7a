"""What a rule says, as data: kept whole in its version, so an old award is explained by the terms of its day."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import date
from typing import Any

from marketplace.earning.words import EventType, Kind, Period, Rounding
from marketplace.kit.money import BASIS_POINTS, Money


@dataclass(frozen=True, slots=True, kw_only=True)
class Multiplier:
    """Times so many basis points (20,000 doubles) where all that is named holds; weekday 1 is Monday."""

    factor_bp: int
    tiers: tuple[str, ...] = ()
    weekdays: tuple[int, ...] = ()
    first_day: date | None = None
    last_day: date | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Rise:
    """Each earlier time in the period adds so many basis points, up to the most."""

    step_bp: int
    most_bp: int
    period: Period = Period.MONTH


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """What is looked at, what it must be like, what it gives, and when the points come.

    `per` are the amounts that give `points` each (PER_AMOUNT), or the one amount that is the goal (GOAL_AMOUNT).
    Rules of one `group` do not add up: the one that gives most does. Several multipliers are multiplied.
    `held_out_bp` of the members get nothing by it, so that what it does shows beside them.
    """

    kind: Kind
    events: tuple[EventType, ...]
    custom_name: str = ""
    points: int = 0
    referrer_points: int = 0
    per: tuple[Money, ...] = ()
    rounding: Rounding = Rounding.DOWN
    goal_times: int = 0
    goal_period: Period = Period.EVER
    goal_repeats: bool = False
    multipliers: tuple[Multiplier, ...] = ()
    rise: Rise | None = None
    cap_points: int | None = None
    cap_times: int | None = None
    cap_period: Period = Period.EVER
    pending_days: int = 0
    needs_confirmation: bool = False
    tiers: tuple[str, ...] = ()
    segments: tuple[str, ...] = ()
    channels: tuple[str, ...] = ()
    minimum: tuple[Money, ...] = ()
    attributes: tuple[tuple[str, str], ...] = ()
    first_day: date | None = None
    last_day: date | None = None
    group: str = ""
    on_day: date | None = None
    day_of_month: int | None = None
    held_out_bp: int = 0

    @property
    def is_goal(self) -> bool:
        """Whether it gives for a goal (an incentive), not for each event (loyalty)."""
        return self.kind in (Kind.GOAL_TIMES, Kind.GOAL_AMOUNT)

    def per_of(self, currency: str | None) -> int | None:
        """The minor units of a currency that give points, or that are the goal; None for another currency."""
        return next((money.minor for money in self.per if money.currency == currency), None)


def written(terms: Terms) -> dict[str, Any]:
    """The terms as JSON."""
    plain = {name: value for name, value in asdict(terms).items() if value not in (None, (), "", 0, False)}
    return {name: _plain(value) for name, value in plain.items()}


def _plain(value: Any) -> Any:
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, dict):
        return {name: _plain(each) for name, each in value.items()}  # pyright: ignore[reportUnknownVariableType]
    if isinstance(value, list | tuple):
        return [_plain(each) for each in value]  # pyright: ignore[reportUnknownVariableType]
    return value


def _day(text: str | None) -> date | None:
    return date.fromisoformat(text) if text else None


def _monies(found: list[dict[str, Any]]) -> tuple[Money, ...]:
    return tuple(Money(each["minor"], each["currency"]) for each in found)


def _multiplier(found: Mapping[str, Any]) -> Multiplier:
    return Multiplier(
        factor_bp=found["factor_bp"],
        tiers=tuple(found.get("tiers") or ()),
        weekdays=tuple(found.get("weekdays") or ()),
        first_day=_day(found.get("first_day")),
        last_day=_day(found.get("last_day")),
    )


def read(found: Mapping[str, Any]) -> Terms:
    """Terms from the JSON that `written` made."""
    given = dict(found)
    rise = given.pop("rise", None)
    read_as: dict[str, Any] = {
        "kind": Kind(given.pop("kind")),
        "events": tuple(EventType(each) for each in given.pop("events")),
        "rounding": Rounding(given.pop("rounding", Rounding.DOWN)),
        "goal_period": Period(given.pop("goal_period", Period.EVER)),
        "cap_period": Period(given.pop("cap_period", Period.EVER)),
        "per": _monies(given.pop("per", [])),
        "minimum": _monies(given.pop("minimum", [])),
        "multipliers": tuple(_multiplier(each) for each in given.pop("multipliers", [])),
        "rise": Rise(**(rise | {"period": Period(rise["period"])})) if rise else None,
        "attributes": tuple((name, value) for name, value in given.pop("attributes", [])),
    }
    for name in ("tiers", "segments", "channels"):
        read_as[name] = tuple(given.pop(name, ()))
    for name in ("first_day", "last_day", "on_day"):
        read_as[name] = _day(given.pop(name, None))
    return Terms(**read_as, **given)


def factor_of(multiplier_bp: int) -> str:
    """A multiplier for people: 15,000 basis points are 1.5."""
    return f"{multiplier_bp / BASIS_POINTS:g}"
