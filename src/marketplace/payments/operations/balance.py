"""Doors to what a balance transaction at Stripe was, and to closing a day of our balance there."""

from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from uuid import UUID

from marketplace.access.rules import takes_two
from marketplace.access.steps import is_second
from marketplace.kit import clock
from marketplace.kit.actor import Actor, Scope
from marketplace.kit.money import Money
from marketplace.kit.operations import Command, operation
from marketplace.kit.refusals import InvalidInput, NotFound
from marketplace.kit.settings import settings
from marketplace.ledger import accounts
from marketplace.ledger.models import Purpose
from marketplace.ledger.steps import post
from marketplace.payments import balance, days, kinds, queries
from marketplace.payments.kinds import Says
from marketplace.payments.models import BalanceTransaction, StripeDay, StripePosting
from marketplace.payments.refusals import (
    NotThatStripeJournal,
    StripeDayClosed,
    StripeDayNotEqual,
    StripeDayUnexplained,
    StripeDayUnknown,
    StripeTransactionExplained,
)
from marketplace.payments.steps import tracing

NOTE_LENGTH = 300


class StripeOwnPurpose(StrEnum):
    """What a balance transaction was when nothing of ours caused it."""

    OWN_FUNDS = "OWN_FUNDS"
    GAIN_OR_LOSS = "GAIN_OR_LOSS"


_BOOKED_TO = {StripeOwnPurpose.OWN_FUNDS: Purpose.OWN_FUNDS, StripeOwnPurpose.GAIN_OR_LOSS: Purpose.ADJUSTMENTS}


@dataclass(frozen=True, slots=True, kw_only=True)
class ExplainStripeTransaction(Command):
    """What one was: what a journal says, the marketplace's own, or (neither) what is matched and came late."""

    transaction_id: UUID
    journal_id: UUID | None = None
    own: StripeOwnPurpose | None = None
    note: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CloseStripeDay(Command):
    """Which day, of the balance in which currency."""

    currency: str
    day: date


@operation(scope=Scope.FINANCE, returns=BalanceTransaction)
async def explain_stripe_transaction(actor: Actor, command: ExplainStripeTransaction) -> BalanceTransaction:
    """Say what a balance transaction was that does not explain itself.

    What is booked as the marketplace's own takes two people when it is much; the first one's word is only noted.
    Raises NotFound, StripeTransactionExplained, NotThatStripeJournal, InvalidInput, SecondPersonNeeded.
    """
    note = command.note.strip()
    if not (0 < len(note) <= NOTE_LENGTH and note.isprintable()):
        raise InvalidInput.at("note", "Give 1 to {most} printable characters.", most=NOTE_LENGTH)
    await balance.alone()
    found = await BalanceTransaction.select_for_update().get_or_none(id=command.transaction_id)
    if found is None:
        raise NotFound(what="balance transaction")
    if found.explained_at is not None:
        raise StripeTransactionExplained(explained_on=found.explained_at.date())
    left = (await queries.left_of([found.id]))[found.id]
    if command.own is not None:
        is_much = takes_two(Money(abs(found.net_minor), found.currency), settings().alone_up_to)
        if is_much and not await is_second(actor, f"explain_stripe:{command.own}", found.id, note):
            return found
        await _post_own(found, left, command.own)
    elif command.journal_id is not None:
        await _by_journal(found, left, command.journal_id)
    elif left or _waits_for_a_person(found):
        raise NotThatStripeJournal(left=Money(left, found.currency))
    found.explained_at, found.explained_by, found.note = clock.now(), actor.id, note
    await found.save(update_fields=["explained_at", "explained_by", "note"])
    return found


def _waits_for_a_person(found: BalanceTransaction) -> bool:
    return kinds.who_says(found.type, found.source) in {Says.PERSON, Says.DISPUTE}


async def _post_own(found: BalanceTransaction, left: int, own: StripeOwnPurpose) -> None:
    """What no journal says yet moves our balance; what stands on another account until now leaves that."""
    goal = accounts.house(_BOOKED_TO[own], found.currency)
    stands = kinds.POSTED_TO.get(kinds.who_says(found.type, found.source))
    if left:
        clearing = accounts.house(Purpose.STRIPE_CLEARING, found.currency)
        entry = balance.moved(clearing, goal, left)
        journal = await post("stripe.explained", "BalanceTransaction", found.id, [entry])
        await tracing.trace(journal, found.source or found.stripe_id, left, found.currency, found.id)
    elif _waits_for_a_person(found) and stands is not None and stands is not goal.purpose:
        entry = balance.moved(accounts.house(stands, found.currency), goal, found.amount_minor)
        await post("stripe.explained", "BalanceTransaction", found.id, [entry])


async def _by_journal(found: BalanceTransaction, left: int, journal_id: UUID) -> None:
    posting = await StripePosting.get_or_none(journal_id=journal_id, transaction_id=None, minor=left)
    if posting is None or posting.currency != found.currency:
        raise NotThatStripeJournal(left=Money(left, found.currency))
    posting.transaction_id, posting.matched_at = found.id, clock.now()
    await posting.save(update_fields=["transaction_id", "matched_at"])


@operation(scope=Scope.FINANCE, returns=StripeDay)
async def close_stripe_day(actor: Actor, command: CloseStripeDay) -> StripeDay:
    """Close our balance at Stripe up to and with a day in UTC: what is told of it later counts on the next one.

    Stripe has told all of the day, each of its balance transactions is explained, and what stood there is what the
    books say, added up from the beginning. Raises NotFound, StripeDayClosed, StripeDayUnknown,
    StripeDayUnexplained, StripeDayNotEqual.
    """
    await balance.alone()
    last = await days.last_closed(command.currency)
    if last is not None and last.day >= command.day:
        raise StripeDayClosed(closed_until=last.day)
    if not await BalanceTransaction.exists(currency=command.currency):
        raise NotFound(what="balance at Stripe")
    told_until = await days.complete_until()
    if told_until is None or told_until < command.day:
        raise StripeDayUnknown(told_until=told_until)
    found = await days.standing_anew(command.currency, command.day)
    if found.unexplained:
        raise StripeDayUnexplained(unexplained=found.unexplained)
    for books in (found.books_minor, await days.count(command.currency, command.day)):
        if books + found.crossing_minor != found.stripe_minor:
            ours = Money(books + found.crossing_minor, found.currency)
            raise StripeDayNotEqual(ours=ours, theirs=Money(found.stripe_minor, found.currency))
    return await StripeDay.create(
        currency=command.currency,
        day=command.day,
        opening_minor=found.opening_minor,
        closing_minor=found.stripe_minor,
        crossing_minor=found.crossing_minor,
        transactions=sum(kind.number for kind in found.kinds),
        closed_by=actor.id,
        closed_at=clock.now(),
    )
