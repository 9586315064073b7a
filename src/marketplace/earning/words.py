"""The words of earning: each is a value in the tables, in the graph, and in the catalogues."""

from enum import StrEnum

from marketplace.kit.messages import speak


@speak
class EventType(StrEnum):
    """What somebody did. The last three are told by the clock, not by a program."""

    PURCHASE = "PURCHASE"
    REPEAT_PURCHASE = "REPEAT_PURCHASE"
    UPGRADE = "UPGRADE"
    REFERRAL = "REFERRAL"
    REVIEW = "REVIEW"
    TESTIMONIAL = "TESTIMONIAL"
    OWN_CONTENT = "OWN_CONTENT"
    SURVEY = "SURVEY"
    SIGN_UP = "SIGN_UP"
    OPT_IN = "OPT_IN"
    RETURN_AFTER_ABSENCE = "RETURN_AFTER_ABSENCE"
    TILL_SCAN = "TILL_SCAN"
    CUSTOM = "CUSTOM"
    ANNIVERSARY = "ANNIVERSARY"
    ON_DATE = "ON_DATE"
    EVERY_MONTH = "EVERY_MONTH"


BY_THE_CLOCK = frozenset({EventType.ANNIVERSARY, EventType.ON_DATE, EventType.EVERY_MONTH})
PURCHASES = frozenset({EventType.PURCHASE, EventType.REPEAT_PURCHASE, EventType.UPGRADE, EventType.TILL_SCAN})


@speak
class EventState(StrEnum):
    """Where an event stands."""

    WAITING = "WAITING"
    JUDGED = "JUDGED"
    PARTLY_REVERSED = "PARTLY_REVERSED"
    REVERSED = "REVERSED"
    EXPIRED = "EXPIRED"


@speak
class RuleState(StrEnum):
    """Where a rule stands."""

    DRAFT = "DRAFT"
    LIVE = "LIVE"
    PAUSED = "PAUSED"
    ENDED = "ENDED"


class Kind(StrEnum):
    """How a rule counts."""

    PER_AMOUNT = "PER_AMOUNT"
    FIXED = "FIXED"
    GOAL_TIMES = "GOAL_TIMES"
    GOAL_AMOUNT = "GOAL_AMOUNT"
    REFERRAL = "REFERRAL"


class Rounding(StrEnum):
    """What becomes of a part of a point."""

    DOWN = "DOWN"
    NEAREST = "NEAREST"
    UP = "UP"


class Period(StrEnum):
    """How long a limit or a goal counts before it begins again, by the program's calendar."""

    DAY = "DAY"
    WEEK = "WEEK"
    MONTH = "MONTH"
    QUARTER = "QUARTER"
    YEAR = "YEAR"
    EVER = "EVER"


class Measure(StrEnum):
    """What shows whether a rule does what it is for."""

    PARTICIPANTS = "PARTICIPANTS"
    EVENTS = "EVENTS"
    AMOUNT = "AMOUNT"
    REFERRALS = "REFERRALS"


class Side(StrEnum):
    """To whom a grant went: who did it, or who had sent them."""

    MEMBER = "MEMBER"
    REFERRER = "REFERRER"


class GrantState(StrEnum):
    """Where a grant stands."""

    PENDING = "PENDING"
    CREDITED = "CREDITED"
    REVERSED = "REVERSED"


class Clawback(StrEnum):
    """What a program does about points of a returned purchase that are spent already."""

    DEBT = "DEBT"
    FORGIVE = "FORGIVE"
    KEEP = "KEEP"


class Reason(StrEnum):
    """What a rule said to an event."""

    EARNED = "EARNED"
    GOAL_NOT_YET = "GOAL_NOT_YET"
    CAP_REACHED = "CAP_REACHED"
    BUDGET_SPENT = "BUDGET_SPENT"
    TOO_LITTLE = "TOO_LITTLE"
    OTHER_CURRENCY = "OTHER_CURRENCY"
    NO_AMOUNT = "NO_AMOUNT"
    OTHER_TIER = "OTHER_TIER"
    OTHER_SEGMENT = "OTHER_SEGMENT"
    OTHER_CHANNEL = "OTHER_CHANNEL"
    OTHER_ATTRIBUTE = "OTHER_ATTRIBUTE"
    OTHER_DAY = "OTHER_DAY"
    OUTRANKED = "OUTRANKED"
    NOT_REFERRED = "NOT_REFERRED"
    HELD_OUT = "HELD_OUT"


@speak
class ReferralProblem(StrEnum):
    """Why a referral does not count."""

    UNKNOWN_CODE = "UNKNOWN_CODE"
    ONESELF = "ONESELF"
    REFERRED_BEFORE = "REFERRED_BEFORE"
    RING = "RING"
    NOT_NEW = "NOT_NEW"


class Warned(StrEnum):
    """What may make a rule fail, though it is sound."""

    TOO_MANY_CONDITIONS = "TOO_MANY_CONDITIONS"
    SLOW_FIRST_REWARD = "SLOW_FIRST_REWARD"
    OVERLAPS = "OVERLAPS"
    NO_LIMIT = "NO_LIMIT"
