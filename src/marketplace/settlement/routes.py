"""Which way a partner's money takes: an account at Stripe that is ready, else its bank, by the rail that fits."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from marketplace.banking import queries as banking
from marketplace.kit.rails import Rail, bank_rail
from marketplace.payments.models import ConnectedAccount, PayeeKind
from marketplace.payments.queries import accounts_of
from marketplace.payments.rules import why_not_payable


@dataclass(frozen=True, slots=True)
class Route:
    """What a partner can be paid to: its account at Stripe, and the country of its account at a bank."""

    account: ConnectedAccount | None = None
    bank_country: str | None = None

    @property
    def stripe_is_ready(self) -> bool:
        """Whether Stripe pays it now."""
        return why_not_payable(self.account) is None

    def rail(self, currency: str) -> Rail | None:
        """How money of this currency gets there; None while it does not."""
        if self.stripe_is_ready:
            return Rail.STRIPE
        return bank_rail(self.bank_country, currency) if self.bank_country else None


async def routes_of(partner_ids: Sequence[UUID]) -> dict[UUID, Route]:
    """The routes of partners, by partner. Bank details that are being checked count: their transfer waits."""
    wanted = list(partner_ids)
    accounts = await accounts_of(PayeeKind.PARTNER, wanted)
    details = await banking.details_of_many(wanted)
    return {
        id: Route(accounts.get(id), rows[-1].country if (rows := details.get(id)) else None) for id in set(wanted)
    }
