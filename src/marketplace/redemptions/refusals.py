"""Why redeeming, fulfilling or undoing is refused, in the words of whoever asked. Then nothing has happened."""

from datetime import datetime
from typing import Annotated

from marketplace.kit.messages import counted, noted
from marketplace.kit.money import Money
from marketplace.kit.next_steps import NextStep, NextStepKind
from marketplace.kit.refusals import Problem, Refusal
from marketplace.payments.rules import NotPayable


class PriceChanged(Refusal):
    """The reward costs more points now than the person saw."""

    code = "PRICE_CHANGED"
    text = "You saw a price of {seen} points; it is {now} points now. Please look again."
    seen: Annotated[int, "Points that the person saw."]
    now: Annotated[int, "Points that it costs now."]

    @property
    def next_step(self) -> NextStep:
        """Confirm the new price."""
        text = counted(
            "Look at the new price, and confirm {now} point.", "Look at the new price, and confirm {now} points."
        )
        return NextStep(NextStepKind.LOOK_AGAIN, text, {"now": self.now})


class InvalidMembershipNumber(Refusal):
    """The number is not one that the brand could have given out."""

    code = "INVALID_MEMBERSHIP_NUMBER"
    text = "{problem} Please compare the number with your card."
    problem: Annotated[str, "What is wrong with the number."]


class InvalidAddress(Refusal):
    """A parcel could not be sent to this address."""

    code = "INVALID_ADDRESS"
    text = "A parcel cannot be sent to this address as it stands."
    problems: Annotated[list[Problem], "Everything that is wrong with the address, each with its place."]


class RedemptionClosed(Refusal):
    """The redemption has gone on to a state in which this cannot be done any more."""

    code = "REDEMPTION_CLOSED"
    text = "This redemption is {current}: it is too late for that."
    current: Annotated[str, "Where the redemption stands."]


class NotOnItsWay(Refusal):
    """Only a parcel that a carrier has can arrive."""

    code = "NOT_ON_ITS_WAY"
    text = "This parcel is {current}; only one that is SHIPPED can be delivered."
    current: Annotated[str, "Where the parcel is."]


class UnitsSpokenFor(Refusal):
    """So many units are not left to be packed."""

    code = "UNITS_SPOKEN_FOR"
    text = counted(
        "{units_left} unit is left to be packed. The others are in parcels already, or refunded.",
        "{units_left} units are left to be packed. The others are in parcels already, or refunded.",
    )
    units_left: Annotated[int, "How many units can still be packed."]


class ParcelMoved(Refusal):
    """The parcel is somewhere else than this needs."""

    code = "PARCEL_MOVED"
    text = "This parcel is {current}: that cannot be said of it now."
    current: Annotated[str, "Where the parcel is."]


class ReturnClosed(Refusal):
    """The time in which this could be sent back is over."""

    code = "RETURN_CLOSED"
    text = "This could be sent back until {until}. Ask support if it is broken."
    until: Annotated[datetime | None, "Until when it was possible; null when it never was."]

    @property
    def template(self) -> str:
        """With the moment until which it was possible, if it was."""
        return self.text if self.until else noted("This cannot be sent back. Ask support if it is broken.")


class ReturnUnderWay(Refusal):
    """A return of the same redemption waits for its answer."""

    code = "RETURN_UNDER_WAY"
    text = "You asked to send this back already. Wait until the brand has answered."


class ReturnAnswered(Refusal):
    """The return has its answer."""

    code = "RETURN_ANSWERED"
    text = "This return is {current} already."
    current: Annotated[str, "Where the return stands."]


class NothingToCredit(Refusal):
    """No brand currency waits to be put into a batch."""

    code = "NOTHING_TO_CREDIT"
    text = "Nothing waits to be credited. Ask again later."


class BatchAnswered(Refusal):
    """Nothing of this batch is left to be answered."""

    code = "BATCH_ANSWERED"
    text = "This batch was answered on {answered_at}."
    answered_at: Annotated[datetime, "When its last credit was answered."]


class QuoteLapsed(Refusal):
    """The price of this quote does not hold any more."""

    code = "QUOTE_LAPSED"
    text = "This price held until {until}. Ask for a new quote."
    until: Annotated[datetime, "Until when it held, or when it was used."]


class ProofInvalid(Refusal):
    """This is not a ticket or right of yours that the marketplace has signed."""

    code = "PROOF_INVALID"
    text = "This code is none of yours. Scan it again, or do not accept it."


class ProofUsed(Refusal):
    """The ticket or right was used before."""

    code = "PROOF_USED"
    text = "This was used on {used_at}."
    used_at: Annotated[datetime, "When it was used."]


class NotValidNow(Refusal):
    """The ticket or right is for another time."""

    code = "NOT_VALID_NOW"
    text = "This is valid from {valid_from} until {valid_until}."
    valid_from: Annotated[datetime, "From when it is taken."]
    valid_until: Annotated[datetime, "Until when it is taken."]


class ReservationOver(Refusal):
    """The units are not set aside any more."""

    code = "RESERVATION_OVER"
    text = "These were set aside until {until}, or have been used. Redeem them without it, or ask again."
    until: Annotated[datetime, "Until when they were set aside at most."]


class TooManyReservations(Refusal):
    """A member sets only a few things aside at a time."""

    code = "TOO_MANY_RESERVATIONS"
    text = "You have {most} things set aside already. Redeem one of them, or let it go."
    most: Annotated[int, "How many things one member can set aside."]


class StillAvailable(Refusal):
    """One waits only for what is sold out."""

    code = "STILL_AVAILABLE"
    text = "This is not sold out. Redeem it now."


class TooManyPlaces(Refusal):
    """A member waits for a few things at a time."""

    code = "TOO_MANY_PLACES"
    text = "You wait for {most} rewards already. Stop waiting for one of them first."
    most: Annotated[int, "How many rewards one member can wait for."]


class NotWaiting(Refusal):
    """The member does not wait for it any more."""

    code = "NOT_WAITING"
    text = "You do not wait for this any more. If it is offered to you, redeem it or let it go."


class NoContractInForce(Refusal):
    """The partner cannot be owed anything today, because no contract says how much."""

    code = "NO_CONTRACT_IN_FORCE"
    text = "The contract with the marketplace is not in force today. Agree a new one, then try again."


class CancellationClosed(Refusal):
    """The session's own rule does not let it be cancelled any more."""

    code = "CANCELLATION_CLOSED"
    text = "This booking can no longer be cancelled."
    until: Annotated[datetime | None, "When it was last possible; null when it never was."]

    @property
    def template(self) -> str:
        """With the moment until which it was possible."""
        if self.until is None:
            return noted("This booking cannot be cancelled.")
        return noted("This booking could be cancelled until {until}.")


class AlreadyRefunded(Refusal):
    """The redemption was refunded before; nothing is given back twice."""

    code = "ALREADY_REFUNDED"
    text = "This was refunded before, on {refunded_at}."
    refunded_at: Annotated[datetime, "When it was refunded."]


class NotRefundable(Refusal):
    """Only what was fulfilled can be refunded."""

    code = "NOT_REFUNDABLE"
    text = "This redemption is {current}; only a fulfilled one can be refunded."
    current: Annotated[str, "Where the redemption stands."]


class LineRefused(Refusal):
    """One of several rewards cannot be had, so none was taken."""

    code = "LINE_REFUSED"
    text = "Nothing was taken, because of one of the rewards: {reason}"
    line: Annotated[int, "Which line, counted from 0."]
    reason_code: Annotated[str, "The code of what that line would answer by itself."]
    reason: Annotated[Refusal, "The same in a sentence."]


class CardNotOffered(Refusal):
    """The program has not opened paying a part by card."""

    code = "CARD_NOT_OFFERED"
    text = "Your rewards program takes points alone here. Pay the whole price with points."


class TooFewPoints(Refusal):
    """A card pays only the rest: the program wants some of the price in points."""

    code = "TOO_FEW_POINTS"
    text = counted(
        "At least {least_points} point is paid for this; a card pays the rest.",
        "At least {least_points} points are paid for this; a card pays the rest.",
    )
    least_points: Annotated[int, "The fewest points that are paid."]


class CardAmountChanged(Refusal):
    """The card would pay more now than its holder saw."""

    code = "CARD_AMOUNT_CHANGED"
    text = "You saw that your card pays {card_seen}; it is {card_now} now. Please look again."
    card_seen: Annotated[Money, "What the person saw."]
    card_now: Annotated[Money, "What the card would pay now."]


class CardNotAwaited(Refusal):
    """No card is waited for any more: it was confirmed, or the time for it is over."""

    code = "CARD_NOT_AWAITED"
    text = "No card is waited for: this redemption is {current}."
    current: Annotated[str, "Where the redemption stands."]


class CardNotTaken(Refusal):
    """The card's part is not paid yet."""

    code = "CARD_NOT_TAKEN"
    text = "The card's payment is not through yet. Try again in a moment."


class RefundTooLarge(Refusal):
    """More is asked back than is left of the redemption."""

    code = "REFUND_TOO_LARGE"
    text = counted(
        "Only {left} and {units_left} unit are left to give back. Ask for less, or for all that is left.",
        "Only {left} and {units_left} units are left to give back. Ask for less, or for all that is left.",
    )
    left: Annotated[Money, "What is left of the price."]
    units_left: Annotated[int, "How many units are left."]


class RefundChanged(Refusal):
    """The refund would give back another number of points now than the plan that was shown."""

    code = "REFUND_CHANGED"
    text = "The plan you saw gave back {expected} points; it is {now} points now. Please look again."
    expected: Annotated[int, "Points of the plan that was shown."]
    now: Annotated[int, "Points that go back now."]


class NoCode(Refusal):
    """This redemption has no code to show."""

    code = "NO_CODE"
    text = "This reward comes without a code."


_NOT_YET = noted("Your reward is not yours yet: its code is shown as soon as it is.")


class CodeFrozen(Refusal):
    """The code was given up when the redemption was closed, or the redemption is not fulfilled yet."""

    code = "CODE_FROZEN"
    text = "This redemption is {current}: its code can no longer be shown."
    current: Annotated[str, "Where the redemption stands."]

    @property
    def template(self) -> str:
        """Not yet, or no longer."""
        return _NOT_YET if self.current == "PENDING" else self.text


class CodeStopped(Refusal):
    """The code was stopped by the brand or the marketplace, because it may have leaked."""

    code = "CODE_STOPPED"
    text = "This code was stopped on {stopped_at}, because it may have leaked. Ask for another one."
    stopped_at: Annotated[datetime, "Since when it does not work."]


class AlreadyReleased(Refusal):
    """The codes of this freeze work again."""

    code = "ALREADY_RELEASED"
    text = "These codes were let go on {since}."
    since: Annotated[datetime, "Since when they work again."]


class CashAmountChanged(Refusal):
    """The points are worth less cash now than the person saw."""

    code = "CASH_AMOUNT_CHANGED"
    text = "You saw {seen} for these points; it is {now} now. Please look again."
    seen: Annotated[Money, "What the person saw."]
    now: Annotated[Money, "What is paid now."]


class PayoutAccountMissing(Refusal):
    """The member has no account that money can be sent to yet."""

    code = "PAYOUT_ACCOUNT_MISSING"
    text = "You have no account yet that is ready for the money. Ask for an onboarding link and finish it first."
    not_payable_reason: Annotated[NotPayable, "What is missing."]
