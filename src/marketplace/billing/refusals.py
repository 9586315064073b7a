"""Why billing says no."""

from datetime import date
from typing import Annotated

from marketplace.billing.models import CoalitionOrderState, CreditChangeState, TopUpState
from marketplace.kit.messages import counted
from marketplace.kit.money import Money
from marketplace.kit.refusals import Refusal


class TopUpReferenceReused(Refusal):
    """The program used this reference before, for another payment."""

    code = "TOP_UP_REFERENCE_REUSED"
    text = "The reference {reference} stands for another top-up of {amount}. Give each payment its own."
    reference: Annotated[str, "The reference that was given."]
    amount: Annotated[Money, "What was paid, or is to be paid, under it."]


class TopUpNotPending(Refusal):
    """There is nothing to confirm: the money is there, or will not come."""

    code = "TOP_UP_NOT_PENDING"
    text = "This top-up is {state} already."
    state: Annotated[TopUpState, "Where the top-up stands: SUCCEEDED or FAILED."]


class TopUpConfirmsItself(Refusal):
    """A card payment is confirmed by Stripe, never by hand."""

    code = "TOP_UP_CONFIRMS_ITSELF"
    text = "This top-up comes through Stripe, which says by itself when the money is there."


class CreditChangeDecided(Refusal):
    """The limit has been approved or declined."""

    code = "CREDIT_CHANGE_DECIDED"
    text = "This limit is {state} already."
    state: Annotated[CreditChangeState, "What was decided: APPROVED or DECLINED."]


class CreditLineInUse(Refusal):
    """More of the line is drawn, or set aside on it, than would be left of it."""

    code = "CREDIT_LINE_IN_USE"
    text = "{in_use} of the limit of {limit} is in use. Lower it no further, or wait until more has been paid in."
    limit: Annotated[Money, "The limit that holds."]
    in_use: Annotated[Money, "What of it is drawn, or set aside for redemptions on their way."]


class ProgramPeriodNotOver(Refusal):
    """The day is not over yet where the program's days count, so more can still happen on it."""

    code = "PROGRAM_PERIOD_NOT_OVER"
    text = "{until} is not over yet in {timezone}. The last day that can be stated is {latest}."
    until: Annotated[date, "The day that was asked for."]
    timezone: Annotated[str, "The program's time zone."]
    latest: Annotated[date, "The last day that can be stated now."]


class ProgramStatementStands(Refusal):
    """A statement up to that day, or a later one, has been issued, and it does not change."""

    code = "PROGRAM_STATEMENT_STANDS"
    text = "The statement {number} stands, up to {until}. State a later day."
    number: Annotated[str, "The newest statement."]
    until: Annotated[date, "Its last day."]


class CoalitionClosed(Refusal):
    """The program sells no points."""

    code = "COALITION_CLOSED"
    text = "This program sells no points at the moment. Ask it for a price, or choose another program."


class CoalitionPriceChanged(Refusal):
    """The points cost something else than the partner saw."""

    code = "COALITION_PRICE_CHANGED"
    text = "You saw a price of {seen}; it is {now} now. Look again, and order at that price."
    seen: Annotated[Money, "The price that was expected."]
    now: Annotated[Money, "The price now."]


class CoalitionNotCovered(Refusal):
    """The partner is owed less than the points cost."""

    code = "COALITION_NOT_COVERED"
    text = "These points cost {price}, and you are owed {owed}. Order fewer, or pay by invoice."
    price: Annotated[Money, "What the points cost, in the contract's currency."]
    owed: Annotated[Money, "What the partner is owed and has on no statement yet."]


class CoalitionOrderClosed(Refusal):
    """The order has been taken back."""

    code = "COALITION_ORDER_CLOSED"
    text = "This order is {state} already."
    state: Annotated[CoalitionOrderState, "Where it stands: CANCELLED or REVERSED."]


class CoalitionPointsGiven(Refusal):
    """Points of the order have been given to members."""

    code = "COALITION_POINTS_GIVEN"
    text = counted(
        "Of the {points} point of this order the budget has only {left} left, so it cannot be taken back.",
        "Of the {points} points of this order the budget has only {left} left, so it cannot be taken back.",
    )
    points: Annotated[int, "The points of the order."]
    left: Annotated[int, "The points that the budget still holds."]


class CoalitionPointsSpent(Refusal):
    """The partner has fewer points to give in the program."""

    code = "COALITION_POINTS_SPENT"
    text = counted(
        "You have {left} point to give in this program. Give fewer, or order more.",
        "You have {left} points to give in this program. Give fewer, or order more.",
    )
    left: Annotated[int, "The points that you bought and have not given."]


class CoalitionReferenceReused(Refusal):
    """The partner gave under this reference before, to somebody else or another number of points."""

    code = "COALITION_REFERENCE_REUSED"
    text = counted(
        "You gave {points} point under the reference {reference} already. Give each purchase its own.",
        "You gave {points} points under the reference {reference} already. Give each purchase its own.",
    )
    reference: Annotated[str, "The reference that was given."]
    points: Annotated[int, "What was given under it."]


class CoalitionPartlyPaid(Refusal):
    """A part of the order's payment went back, and the rest of it is still here."""

    code = "COALITION_PARTLY_PAID"
    text = "{paid} of this order is paid. Wait for the rest, or send that back first (returnFunding)."
    paid: Annotated[Money, "What of its invoice is paid."]


class ReceiptTellsItself(Refusal):
    """What Stripe brought goes back through Stripe, which says so."""

    code = "RECEIPT_TELLS_ITSELF"
    text = "This money came through Stripe, which says by itself when it goes back."


class ReceiptGone(Refusal):
    """Less is left of the receipt than is said to have gone back."""

    code = "RECEIPT_GONE"
    text = "Only {left} of this receipt has not gone back yet. Name that, or less."
    left: Annotated[Money, "What of it has not gone back."]
