"""Who is asking, and what they may do."""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from uuid import UUID


class ActorKind(StrEnum):
    """The principals of the marketplace."""

    MEMBER = "MEMBER"
    PARTNER = "PARTNER"
    PROGRAM = "PROGRAM"
    OPERATOR = "OPERATOR"
    SYSTEM = "SYSTEM"


class Scope(StrEnum):
    """One permission each; a token carries a set of them."""

    CATALOG_READ = "catalog:read"
    REDEEM = "rewards:redeem"
    GIVE = "points:give"
    WALLET_READ = "wallet:read"
    PAYOUT_ACCOUNT = "payouts:account"
    MEMBERS_ENROL = "members:enrol"
    POINTS_AWARD = "points:award"
    EARN = "points:earn"
    EARNING_MANAGE = "earning:manage"
    PROGRAM_READ = "program:read"
    PROGRAM_FUND = "program:fund"
    POLICY = "policy:write"
    OFFERS_UPLOAD = "offers:upload"
    FULFIL = "fulfilment:write"
    CODES_FREEZE = "codes:freeze"
    POINTS_BUY = "points:buy"
    STATEMENTS_READ = "statements:read"
    STATEMENTS_DISPUTE = "statements:dispute"
    PROGRAM_MANAGE = "program:manage"
    KEYS_MANAGE = "keys:manage"
    WEBHOOKS_MANAGE = "webhooks:manage"
    PARTNERS_MANAGE = "partners:manage"
    CATALOG_MANAGE = "catalog:manage"
    RISK = "risk:review"
    SUPPORT = "support:write"
    REFUND = "rewards:refund"
    SETTLE = "settlement:run"
    FINANCE = "finance:write"
    FINANCE_READ = "finance:read"
    SYSTEM = "system:run"


MEMBER_SCOPES = frozenset(
    {Scope.CATALOG_READ, Scope.REDEEM, Scope.GIVE, Scope.EARN, Scope.WALLET_READ, Scope.PAYOUT_ACCOUNT}
)
PARTNER_SCOPES = frozenset(
    {
        Scope.CATALOG_READ,
        Scope.OFFERS_UPLOAD,
        Scope.FULFIL,
        Scope.CODES_FREEZE,
        Scope.POINTS_BUY,
        Scope.STATEMENTS_READ,
        Scope.STATEMENTS_DISPUTE,
        Scope.PAYOUT_ACCOUNT,
        Scope.KEYS_MANAGE,
        Scope.WEBHOOKS_MANAGE,
    }
)
PROGRAM_SCOPES = frozenset(
    {
        Scope.CATALOG_READ,
        Scope.MEMBERS_ENROL,
        Scope.POINTS_AWARD,
        Scope.EARNING_MANAGE,
        Scope.PROGRAM_READ,
        Scope.PROGRAM_FUND,
        Scope.PROGRAM_MANAGE,
        Scope.POLICY,
        Scope.REFUND,
        Scope.KEYS_MANAGE,
        Scope.WEBHOOKS_MANAGE,
    }
)
ROLE_SCOPES: dict[str, frozenset[Scope]] = {
    "support": frozenset({Scope.CATALOG_READ, Scope.SUPPORT, Scope.REFUND, Scope.CODES_FREEZE}),
    "risk": frozenset({Scope.CATALOG_READ, Scope.RISK}),
    "catalogue": frozenset({Scope.CATALOG_READ, Scope.CATALOG_MANAGE, Scope.PARTNERS_MANAGE, Scope.CODES_FREEZE}),
    "finance": frozenset(
        {Scope.CATALOG_READ, Scope.FINANCE, Scope.FINANCE_READ, Scope.POLICY, Scope.SETTLE, Scope.STATEMENTS_READ}
    ),
    "admin": frozenset(Scope) - {Scope.SYSTEM, Scope.REDEEM, Scope.GIVE, Scope.EARN, Scope.WALLET_READ},
}


PARTNER_ROLES: dict[str, frozenset[Scope]] = {
    "owner": PARTNER_SCOPES,
    "catalogue": frozenset({Scope.CATALOG_READ, Scope.OFFERS_UPLOAD}),
    "fulfilment": frozenset({Scope.CATALOG_READ, Scope.FULFIL}),
    "finance": frozenset(
        {
            Scope.CATALOG_READ,
            Scope.STATEMENTS_READ,
            Scope.STATEMENTS_DISPUTE,
            Scope.PAYOUT_ACCOUNT,
            Scope.POINTS_BUY,
        }
    ),
}
PROGRAM_ROLES: dict[str, frozenset[Scope]] = {
    "owner": PROGRAM_SCOPES,
    "members": PROGRAM_SCOPES - {Scope.PROGRAM_FUND, Scope.KEYS_MANAGE},
    "finance": frozenset({Scope.CATALOG_READ, Scope.PROGRAM_READ, Scope.PROGRAM_FUND}),
}


@dataclass(frozen=True, slots=True)
class Actor:
    """A principal: `id` is the member, partner, program or operator, whatever token was used.

    `until` is when the token that was used ends by itself.
    `person` is who of the partner's or program's staff holds the token, when it is a person's.
    """

    kind: ActorKind
    id: UUID
    scopes: frozenset[Scope]
    program_id: UUID | None = None
    languages: tuple[str, ...] = field(default=("en",))
    until: datetime | None = field(default=None, compare=False)
    person: UUID | None = None

    def may(self, scope: Scope) -> bool:
        """Whether the actor holds the scope."""
        return scope in self.scopes


SYSTEM = Actor(ActorKind.SYSTEM, UUID(int=0), frozenset({Scope.SYSTEM}))
