"""Reads of banking: what finance may see, and what our accounts hold by what the bank last said."""

from uuid import UUID

from tortoise.queryset import QuerySet

from marketplace.banking.models import BankAccount, BankEntry, BankFile, BankMatch, BankStatement
from marketplace.kit import database
from marketplace.kit.actor import Actor, ActorKind, Scope

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


async def newest_statements(account_ids: list[UUID]) -> dict[UUID, BankStatement]:
    """The newest statement of each account: by its closing day, the last one told where there are several."""
    found: dict[UUID, BankStatement] = {}
    for row in await BankStatement.filter(account_id__in=account_ids).order_by("closing_on", "id"):
        found[row.account_id] = row
    return found


async def left_of(entry: BankEntry) -> int:
    """What of an entry no journal explains yet, in minor units."""
    return entry.amount_minor - int(await database.value(_MATCHED, entry.id))


async def matches_of(entry_ids: list[UUID]) -> dict[UUID, list[BankMatch]]:
    """The matches of entries, oldest first, by entry."""
    found: dict[UUID, list[BankMatch]] = {id: [] for id in entry_ids}
    for match in await BankMatch.filter(entry_id__in=entry_ids).order_by("id"):
        found[match.entry_id].append(match)
    return found
