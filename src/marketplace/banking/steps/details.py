"""Whose account a partner is paid to, inside a transaction that somebody else opened."""

from dataclasses import dataclass
from uuid import UUID

import orjson

from marketplace.banking import queries, rules
from marketplace.banking.models import BankDetails, DetailsState
from marketplace.kit import clock, database, vault

_LOCK = "SELECT id FROM partner WHERE id = $1 FOR NO KEY UPDATE"


@dataclass(frozen=True, slots=True)
class Account:
    """An account at a bank: an IBAN (with a BIC if it is known), or what another country calls an account."""

    holder: str
    country: str
    iban: str | None
    bic: str | None
    other: str | None

    @property
    def number(self) -> str:
        """What tells it from others."""
        return self.iban or self.other or ""


def opened(details: BankDetails) -> Account:
    """The account behind sealed details: for the file that pays it, and for nobody's eyes."""
    return Account(**orjson.loads(vault.unseal(details.sealed)))


async def lock_partner(partner_id: UUID) -> None:
    """Be the only one who looks at or changes a partner's details."""
    await database.execute(_LOCK, partner_id)


async def propose(partner_id: UUID, account: Account, by: UUID) -> BankDetails:
    """Keep a proposal of a locked partner. The first details need no wait, only a second person."""
    now = clock.now()
    before = await queries.details_of(partner_id)
    has_some = any(row.state == DetailsState.AGREED for row in before)
    facts = {name: getattr(account, name) for name in ("holder", "country", "iban", "bic", "other")}
    return await BankDetails.create(
        partner_id=partner_id,
        state=DetailsState.PROPOSED.value,
        country=account.country,
        shown=rules.masked(account.number)[:60],
        sealed=vault.seal(orjson.dumps(facts).decode()),
        print=vault.fingerprint("bank account", account.number),
        proposed_by=by,
        proposed_at=now,
        usable_from=now + rules.COOLING_OFF if has_some else now,
    )
