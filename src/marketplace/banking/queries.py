"""Reads of banking: what finance may see, and what our accounts hold by what the bank last said."""

from datetime import date, datetime
from uuid import UUID

from tortoise.queryset import QuerySet

from marketplace.banking import open_entries
from marketplace.banking.models import (
    BankAccount,
    BankAttempt,
    BankBatch,
    BankDay,
    BankDetails,
    BankEntry,
    BankFile,
    BankMatch,
    BankStatement,
    BankTransfer,
    BatchState,
    DetailsState,
)
from marketplace.kit import database
from marketplace.kit.actor import Actor, ActorKind, Scope
from marketplace.partners.models import Partner, PartnerStatus

_MATCHED = "SELECT coalesce(sum(amount_minor), 0)::bigint FROM bank_match WHERE entry_id = $1"


def is_finance(actor: Actor) -> bool:
    """Whether the actor is a person of finance: nobody else sees anything of this room."""
    return actor.kind is ActorKind.OPERATOR and actor.may(Scope.FINANCE_READ)


def accounts_visible_to(actor: Actor) -> QuerySet[BankAccount]:
    """Our accounts, for finance."""
    return BankAccount.all() if is_finance(actor) else BankAccount.filter(id__in=[])


def files_visible_to(actor: Actor) -> QuerySet[BankFile]:
    """The files that were read, for finance."""
    return BankFile.all() if is_finance(actor) else BankFile.filter(id__in=[])


def statements_visible_to(actor: Actor) -> QuerySet[BankStatement]:
    """The bank's statements, for finance."""
    return BankStatement.all() if is_finance(actor) else BankStatement.filter(id__in=[])


def entries_visible_to(actor: Actor) -> QuerySet[BankEntry]:
    """The bank's entries, for finance."""
    return BankEntry.all() if is_finance(actor) else BankEntry.filter(id__in=[])


async def account_in(currency: str) -> BankAccount | None:
    """Our account of a currency."""
    return await BankAccount.get_or_none(currency=currency)


async def left_of(entry: BankEntry) -> int:
    """What of an entry no journal explains yet, in minor units."""
    return entry.amount_minor - int(await database.value(_MATCHED, entry.id))


async def matches_of(entry_ids: list[UUID]) -> dict[UUID, list[BankMatch]]:
    """The matches of entries, oldest first, by entry."""
    found: dict[UUID, list[BankMatch]] = {id: [] for id in entry_ids}
    for match in await BankMatch.filter(entry_id__in=entry_ids).order_by("id"):
        found[match.entry_id].append(match)
    return found


async def details_of(partner_id: UUID) -> list[BankDetails]:
    """A partner's bank details that were not cancelled, oldest first."""
    return (await details_of_many([partner_id])).get(partner_id, [])


async def details_of_many(partner_ids: list[UUID]) -> dict[UUID, list[BankDetails]]:
    """The bank details of partners that were not cancelled, oldest first, by partner."""
    rows = BankDetails.filter(partner_id__in=partner_ids).exclude(state=DetailsState.CANCELLED.value)
    found: dict[UUID, list[BankDetails]] = {}
    for row in await rows.order_by("id"):
        found.setdefault(row.partner_id, []).append(row)
    return found


def current_of(rows: list[BankDetails], now: datetime) -> BankDetails | None:
    """Which of a partner's details are in use: the newest that are agreed on and whose wait is over."""
    usable = [row for row in rows if row.state == DetailsState.AGREED and row.usable_from <= now]
    return usable[-1] if usable else None


def details_visible_to(actor: Actor) -> QuerySet[BankDetails]:
    """A partner sees its own details, finance those of all, everybody else none."""
    if actor.kind is ActorKind.PARTNER and (actor.may(Scope.PAYOUT_ACCOUNT) or actor.may(Scope.STATEMENTS_READ)):
        return BankDetails.filter(partner_id=actor.id)
    return BankDetails.all() if is_finance(actor) else BankDetails.filter(id__in=[])


def batches_visible_to(actor: Actor) -> QuerySet[BankBatch]:
    """The batches, for finance."""
    return BankBatch.all() if is_finance(actor) else BankBatch.filter(id__in=[])


def transfers_visible_to(actor: Actor) -> QuerySet[BankTransfer]:
    """The transfers, for finance; a partner sees what came of them on its statements."""
    return BankTransfer.all() if is_finance(actor) else BankTransfer.filter(id__in=[])


async def approved_of(partner_ids: list[UUID]) -> set[UUID]:
    """Which of these partners may be paid."""
    found = Partner.filter(id__in=partner_ids, status=PartnerStatus.APPROVED.value)
    return {partner.id for partner in await found}


_BALANCE = """
SELECT (a.opening_minor + coalesce((
    SELECT sum(CASE direction WHEN 'CREDIT' THEN amount_minor ELSE -amount_minor END)
    FROM bank_entry WHERE account_id = a.id), 0))::bigint FROM bank_account a WHERE a.id = $1"""
_ORDERED = """
SELECT coalesce(sum(amount_minor), 0)::bigint FROM bank_transfer
WHERE currency = $1 AND state IN ('BATCHED', 'ORDERED', 'ACCEPTED') AND rail = 'SEPA'"""


async def known_balance(account: BankAccount) -> int:
    """What stands on an account by all that the bank has told, in minor units."""
    return int(await database.value(_BALANCE, account.id))


async def spendable(account: BankAccount) -> int:
    """What of it no order waits for yet."""
    return await known_balance(account) - int(await database.value(_ORDERED, account.currency))


async def transfer_of(purpose: str, ref_id: UUID) -> BankTransfer | None:
    """The transfer that was planned for this cause."""
    return await BankTransfer.get_or_none(purpose=purpose, ref_id=ref_id)


async def is_counted(currency: str) -> bool:
    """Whether a bank tells us what happens in this currency: then its entries are what moves BANK."""
    return await BankAccount.exists(currency=currency)


_NAMED = """
SELECT d.id FROM bank_details d WHERE d.id = ANY ($1) AND EXISTS (
    SELECT FROM bank_details o
    WHERE o.print = d.print AND o.partner_id <> d.partner_id AND o.state <> 'CANCELLED')"""


async def named_by_others(details_ids: list[UUID]) -> dict[UUID, bool]:
    """Of which of these details another partner has named the same account."""
    found = {row["id"] for row in await database.rows(_NAMED, details_ids)}
    return {id: id in found for id in details_ids}


async def newest_attempts(transfer_ids: list[UUID]) -> dict[UUID, BankAttempt]:
    """The newest attempt of transfers, by transfer."""
    rows = await BankAttempt.filter(transfer_id__in=transfer_ids).order_by("number")
    return {row.transfer_id: row for row in rows}


async def transfers_in(batch_id: UUID) -> list[UUID]:
    """The transfers of a batch."""
    return [row.transfer_id for row in await BankAttempt.filter(batch_id=batch_id)]


async def currency_of(account_id: UUID) -> str:
    """The currency of an account of ours."""
    return (await BankAccount.get(id=account_id)).currency


async def approved_batch(batch_id: UUID) -> BankBatch | None:
    """A batch whose file may leave, or None."""
    return await BankBatch.get_or_none(id=batch_id, state=BatchState.APPROVED.value)


def days_visible_to(actor: Actor) -> QuerySet[BankDay]:
    """The days that are closed, for finance."""
    return BankDay.all() if is_finance(actor) else BankDay.filter(id__in=[])


async def closed_until(account_ids: list[UUID]) -> dict[UUID, date]:
    """The last day that is closed, by account."""
    return {row.account_id: row.day for row in await BankDay.filter(account_id__in=account_ids).order_by("day")}


async def proposals(entry_ids: list[UUID]) -> dict[UUID, UUID]:
    """For each entry the journal that most likely says what it was, by entry."""
    return await open_entries.proposals(entry_ids)
