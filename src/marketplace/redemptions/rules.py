"""Pure decisions about redemptions: which way they can go, what an order must say, when it can be undone."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import ROUND_CEILING, Decimal
from typing import Any, Final

from stdnum import luhn

from marketplace.catalog.models import OfferKind
from marketplace.kit import money
from marketplace.kit.messages import counted, noted
from marketplace.kit.refusals import Problem
from marketplace.redemptions.models import RedemptionState as State

MAX_LOTS: Final = 100
VALID_DAYS: Final = 365
"""How long an entitlement lasts whose item does not say."""
MIN_LOTS: Final = "min_lots"
LOT_STEP: Final = "lot_step"
"""Names of the attributes by which an item of brand currency says how many lots are taken."""
MAX_QUANTITY: Final = 20
COUNTED: Final = frozenset({OfferKind.MERCHANDISE, OfferKind.EXPERIENCE})
"""Kinds of which several units are taken at once."""
MAX_NUMBER_LENGTH: Final = 60
MAX_MESSAGE_LENGTH: Final = 300
ANSWER_WITHIN: Final = timedelta(days=30)
AT_ONCE: Final = frozenset({OfferKind.VOUCHER, OfferKind.EXPERIENCE, OfferKind.DONATION})
"""Kinds that need nothing from outside and are fulfilled in the transaction that redeems them."""

WAYS: Final[Mapping[State, frozenset[State]]] = {
    State.PENDING: frozenset({State.FULFILLED, State.CANCELLED, State.FAILED}),
    State.FULFILLED: frozenset({State.REFUNDED, State.CANCELLED}),
    State.CANCELLED: frozenset(),
    State.FAILED: frozenset(),
    State.REFUNDED: frozenset(),
}
"""Where a redemption can go from each state. Only a booking is cancelled after it was fulfilled."""


def may_become(state: State, kind: OfferKind, goal: State) -> bool:
    """Whether a redemption of this kind can go from one state to the other."""
    if state is State.FULFILLED and goal is State.CANCELLED:
        return kind is OfferKind.EXPERIENCE
    return goal in WAYS[state]


@dataclass(frozen=True, slots=True)
class Order:
    """What a member says besides which item it is."""

    lots: int | None
    quantity: int | None
    membership_number: str | None
    address_given: bool
    message: str | None


def order_problems(order: Order, kind: OfferKind) -> list[Problem]:
    """What an order of this kind says too much, or wrongly."""
    problems: list[Problem] = []
    if order.lots is not None and kind is not OfferKind.BRAND_CURRENCY:
        problems.append(Problem("lots", "Only brand currency is taken in lots. Leave this out."))
    elif order.lots is not None and not 1 <= order.lots <= MAX_LOTS:
        problems.append(Problem("lots", "Take 1 to {most} lots at a time.", {"most": MAX_LOTS}))
    if order.quantity is not None and kind not in COUNTED:
        problems.append(Problem("quantity", "Only merchandise and seats come several at a time. Leave this out."))
    elif order.quantity is not None and not 1 <= order.quantity <= MAX_QUANTITY:
        problems.append(Problem("quantity", "Take 1 to {most} at a time.", {"most": MAX_QUANTITY}))
    if order.membership_number is not None and kind is not OfferKind.BRAND_CURRENCY:
        problems.append(Problem("membershipNumber", "Only brand currency needs a number. Leave this out."))
    if order.address_given and kind is not OfferKind.MERCHANDISE:
        problems.append(Problem("address", "Only merchandise is sent to an address. Leave this out."))
    if order.message is not None and kind is not OfferKind.DONATION:
        problems.append(Problem("message", "Only a donation carries a message. Leave this out."))
    elif order.message is not None and len(order.message) > MAX_MESSAGE_LENGTH:
        problems.append(Problem("message", "Write up to {most} characters.", {"most": MAX_MESSAGE_LENGTH}))
    return problems


def lots_problem(lots: int, attributes: Mapping[str, Any]) -> Problem | None:
    """What is wrong with a number of lots of an item, which may have a least number and steps."""
    least, step = int(attributes.get(MIN_LOTS, 1)), int(attributes.get(LOT_STEP, 1))
    if not least <= lots <= MAX_LOTS:
        return Problem("lots", "Take {least} to {most} lots at a time.", {"least": least, "most": MAX_LOTS})
    if (lots - least) % step:
        facts = {"least": least, "step": step}
        text = counted(
            "Take {least} lot, or more in steps of {step}.", "Take {least} lots, or more in steps of {step}."
        )
        return Problem("lots", text, facts)
    return None


def tidy_number(number: str, pattern: str | None = None) -> str:
    """A membership number as it is kept: without the spaces that cards print, unless the brand's form has them."""
    spaced = " ".join(number.split())
    if pattern is not None and re.fullmatch(pattern, spaced, re.ASCII):
        return spaced
    return spaced.replace(" ", "")


def number_problem(number: str, pattern: str | None, check_digit: str | None) -> str | None:
    """Why a tidy membership number cannot be right, or None. `check_digit` "luhn" is ISO/IEC 7812-1 annex B."""
    if not number:
        return noted("A membership number is needed.")
    if len(number) > MAX_NUMBER_LENGTH:
        return noted("The number is too long.")
    if pattern is not None and re.fullmatch(pattern, number, re.ASCII) is None:
        return noted("The number does not have the form of this brand's numbers.")
    digits = "".join(character for character in number if character.isdigit())
    if check_digit == "luhn" and not luhn.is_valid(digits):
        return noted("The number's check digit is wrong, so a digit was mistyped.")
    return None


def cancellable_until(starts_at: datetime, cancel_until_hours: int | None) -> datetime | None:
    """The last moment at which a booking can be cancelled; None when it never can."""
    return None if cancel_until_hours is None else starts_at - timedelta(hours=cancel_until_hours)


def is_overdue(redeemed_at: datetime, now: datetime) -> bool:
    """Whether a partner has had its time to answer."""
    return now - redeemed_at > ANSWER_WITHIN


def is_resellable(
    state: State, kind: OfferKind, *, revealed: bool, starts_at: datetime | None, now: datetime
) -> bool:
    """Whether the unit goes back on the shelf when a redemption in this state is undone.

    What was only set aside does. Of what was fulfilled, a voucher whose code nobody has seen and a seat in a
    session that has not begun do; a parcel that was sent or miles that were credited do not.
    """
    if state is State.PENDING:
        return True
    if kind is OfferKind.EXPERIENCE:
        return starts_at is None or now < starts_at
    return kind is OfferKind.VOUCHER and not revealed


def least_points_for_cash(point_value: Decimal, cash_rate_bp: int, currency: str) -> int:
    """The fewest points that are paid out as the smallest unit of a currency: the inverse of `cash_out`."""
    smallest = Decimal(1).scaleb(-money.minor_digits(currency))
    exact = smallest * money.BASIS_POINTS / (point_value * cash_rate_bp)
    return int(exact.to_integral_value(ROUND_CEILING))


def ticket_number(random_bits: int) -> str:
    """A ticket number that people can read out: 12 of Crockford's 32 letters, in groups of four."""
    letters = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
    text = "".join(letters[(random_bits >> (5 * place)) & 31] for place in range(12))
    return f"{text[:4]}-{text[4:8]}-{text[8:]}"
