"""API keys as partners, programs and operators see them."""

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any, cast
from uuid import UUID

import strawberry
from strawberry.types.enum import StrawberryEnumDefinition

from marketplace.access import operations, queries
from marketplace.access.graphql import people
from marketplace.access.graphql.owners import owner_of
from marketplace.access.graphql.people import StaffMemberType
from marketplace.access.models import ApiKey
from marketplace.access.refusals import ApiKeyEnded, ScopeNotGrantable, SecretAlreadyShown
from marketplace.kit import ids, paging
from marketplace.kit.actor import Actor, Scope
from marketplace.kit.graphql import (
    Connection,
    Info,
    Node,
    WriteInput,
    actor_of,
    actor_with,
    load_node,
    mutation,
    node_loader,
)
from marketplace.kit.refusals import NotFound

PREFIX = "apiKey"

_SCOPES: dict[Scope, str] = {
    Scope.CATALOG_READ: "Read the catalogue.",
    Scope.REDEEM: "Redeem rewards as a member.",
    Scope.GIVE: "Give points away as a member.",
    Scope.WALLET_READ: "Read a member's wallet.",
    Scope.PAYOUT_ACCOUNT: "Set up the account that money is paid to.",
    Scope.MEMBERS_ENROL: "Enrol a program's members.",
    Scope.POINTS_AWARD: "Award points to a program's members.",
    Scope.EARN: "Use and give referral codes.",
    Scope.EARNING_MANAGE: "Draft, start and end a program's earning rules, and their budgets.",
    Scope.PROGRAM_READ: "Read a program's settings, members and funding.",
    Scope.PROGRAM_FUND: "Top up a program's funding.",
    Scope.POLICY: "Set what a program's points can become.",
    Scope.PROGRAM_MANAGE: "Set a program's rules: expiry, tiers, limits.",
    Scope.OFFERS_UPLOAD: "Upload and publish a partner's offers and codes.",
    Scope.CODES_FREEZE: "Stop codes that may have leaked, and let them go again.",
    Scope.POINTS_BUY: "Buy points of programs, and give them to members.",
    Scope.FULFIL: "Report on the fulfilment of a partner's rewards.",
    Scope.STATEMENTS_READ: "Read statements and payouts.",
    Scope.STATEMENTS_DISPUTE: "Dispute lines of statements.",
    Scope.KEYS_MANAGE: "Issue and revoke API keys.",
    Scope.WEBHOOKS_MANAGE: "Register webhook endpoints, and read and replay what they were told.",
    Scope.PARTNERS_MANAGE: "Approve partners and set their contracts.",
    Scope.CATALOG_MANAGE: "Moderate the catalogue.",
    Scope.SUPPORT: "Help members: look up, refund, resend.",
    Scope.REFUND: "Give back what was redeemed.",
    Scope.RISK: "Decide on redemptions that wait for a review.",
    Scope.SETTLE: "Run settlement.",
    Scope.FINANCE: "Move money and adjust statements.",
    Scope.FINANCE_READ: "Read the books.",
}

ApiScope = strawberry.enum(Scope, name="ApiScope", description="One thing that a key may do.")


def _describe_scopes() -> None:
    definition = cast("StrawberryEnumDefinition", cast("Any", ApiScope).__strawberry_definition__)
    definition.values = [value for value in definition.values if Scope(value.value) in _SCOPES]
    for value in definition.values:
        value.description = _SCOPES[Scope(value.value)]


_describe_scopes()


@strawberry.type(name="ApiKey", description="A key that a server uses; its secret was shown once.")
class ApiKeyType(Node):
    name: str = strawberry.field(description="What the key is for, in its owner's words.")
    key_id: str = strawberry.field(description="The public part: `mk_live_<keyId>_<secret>`.")
    scopes: list[Scope] = strawberry.field(description="What the key may do.", graphql_type=list[ApiScope])
    created_at: datetime = strawberry.field(description="When it was issued.")
    expires_at: datetime | None = strawberry.field(description="When it stops working by itself.")
    revoked_at: datetime | None = strawberry.field(description="When it was ended.")
    last_used_at: datetime | None = strawberry.field(description="When it was last used, to the minute.")
    staff_key: strawberry.Private[UUID | None] = None

    @strawberry.field(description="The person whose token it is; null for a server's.")
    async def staff_member(self, info: Info) -> StaffMemberType | None:
        return await load_node(info, people.PREFIX, self.staff_key) if self.staff_key else None

    @classmethod
    def of(cls, key: ApiKey) -> "ApiKeyType":
        return cls(
            id=strawberry.ID(ids.public(PREFIX, key.id)),
            name=key.name,
            key_id=key.key_id,
            scopes=[scope for scope in Scope if scope in key.scopes and scope in _SCOPES],
            created_at=key.created_at,
            expires_at=key.expires_at,
            revoked_at=key.revoked_at,
            last_used_at=key.last_used_at,
            staff_key=key.staff_id,
        )


@strawberry.type(description="A key that was issued just now.")
class IssuedApiKey:
    api_key: ApiKeyType = strawberry.field(description="The key.")
    secret: str = strawberry.field(
        description="The whole key, `mk_live_…`, to be kept at once: it is not shown again."
    )

    @classmethod
    def of(cls, key: ApiKey) -> "IssuedApiKey":
        """The key with its secret; raises SecretAlreadyShown for a replay, which has none."""
        text = operations.text_of(key)
        if text is None:
            raise SecretAlreadyShown(key_id=key.key_id)
        return cls(api_key=ApiKeyType.of(key), secret=str(text))


@strawberry.input(description="Which key to issue, to whom.")
class IssueApiKeyInput(WriteInput):
    name: str = strawberry.field(description="What the key is for, 1 to 120 characters.")
    owner: strawberry.ID | None = strawberry.field(
        default=None, description="The partner, program or operator it is for; yourself when left out."
    )
    staff_member: strawberry.ID | None = strawberry.field(
        default=None, description="The person of the owner whose token it is to be, within their roles."
    )
    scopes: list[Scope] | None = strawberry.field(
        default=None,
        graphql_type=list[ApiScope] | None,
        description="What it may do; everything its owner may do when left out.",
    )
    expires_at: datetime | None = strawberry.field(
        default=None, description="When it stops working by itself; never when left out."
    )

    def command(self, actor: Actor) -> operations.IssueApiKey:
        """The command, for the owner that is named or the actor itself."""
        owner_kind, owner_id = owner_of(self.owner, actor)
        return operations.IssueApiKey(
            idempotency_key=self.idempotency_key,
            owner_kind=owner_kind,
            owner_id=owner_id,
            name=self.name,
            staff_id=_person(self.staff_member),
            scopes=None if self.scopes is None else tuple(sorted(set(self.scopes))),
            expires_at=self.expires_at,
        )


def _person(given: str | None) -> UUID | None:
    """The person behind a global id; raises NotFound for what is no person's."""
    try:
        return None if given is None else ids.parse(people.PREFIX, given)
    except ids.BadId:
        raise NotFound(what="staff member") from None


@strawberry.input(description="Which key to replace.")
class RotateApiKeyInput(WriteInput):
    id: strawberry.ID = strawberry.field(description="The key's global id.")
    overlap_hours: int = strawberry.field(
        default=24, description="How long it works on beside the new one, 0 to 720 hours."
    )

    def command(self) -> operations.RotateApiKey:
        """The command; raises NotFound for what is no key's id."""
        return operations.RotateApiKey(
            idempotency_key=self.idempotency_key, id=_key(self.id), overlap_hours=self.overlap_hours
        )


def _key(given: str) -> UUID:
    try:
        return ids.parse(PREFIX, given)
    except ids.BadId:
        raise NotFound(what="API key") from None


@strawberry.input(description="Which key to end.")
class RevokeApiKeyInput(WriteInput):
    id: strawberry.ID = strawberry.field(description="The key's global id.")

    def command(self) -> operations.RevokeApiKey:
        """The command; raises NotFound for what is no key's id."""
        return operations.RevokeApiKey(idempotency_key=self.idempotency_key, id=_key(self.id))


@strawberry.type
class Query:
    @strawberry.field(description="API keys: your own, or with an `owner` those of somebody you manage.")
    async def api_keys(
        self,
        info: Info,
        owner: Annotated[
            strawberry.ID | None, strawberry.argument(description="A partner, program or operator.")
        ] = None,
        first: Annotated[int | None, strawberry.argument(description="How many, at most 100.")] = None,
        after: Annotated[str | None, strawberry.argument(description="The cursor to go on from.")] = None,
    ) -> Connection[ApiKeyType]:
        actor = actor_with(info, Scope.KEYS_MANAGE)
        kind, owner_id = owner_of(owner, actor)
        query = queries.keys_visible_to(actor).filter(owner_kind=kind.value, owner_id=owner_id)
        page = await paging.page_of(query, first=first, after=after)
        return Connection[ApiKeyType].of(page, ApiKeyType.of, query.count)


@strawberry.type
class Mutation:
    @mutation(
        gives=IssuedApiKey,
        refuses=[ScopeNotGrantable, SecretAlreadyShown, NotFound],
        description="Issue an API key. Its secret is in this answer and nowhere else.",
    )
    async def issue_api_key(self, info: Info, input: IssueApiKeyInput) -> IssuedApiKey:
        actor = actor_of(info)
        return IssuedApiKey.of(await operations.issue_api_key(actor, input.command(actor)))

    @mutation(
        gives=IssuedApiKey,
        refuses=[ApiKeyEnded, ScopeNotGrantable, SecretAlreadyShown, NotFound],
        description="Issue a key in the place of another one, which works on for some hours.",
    )
    async def rotate_api_key(self, info: Info, input: RotateApiKeyInput) -> IssuedApiKey:
        return IssuedApiKey.of(await operations.rotate_api_key(actor_of(info), input.command()))

    @mutation(gives=ApiKeyType, refuses=[NotFound], description="End an API key at once.")
    async def revoke_api_key(self, info: Info, input: RevokeApiKeyInput) -> ApiKeyType:
        return ApiKeyType.of(await operations.revoke_api_key(actor_of(info), input.command()))


@node_loader(PREFIX)
async def load_keys(info: Info, key_ids: list[UUID]) -> Mapping[UUID, ApiKeyType]:
    """The keys among these ids that the actor may see."""
    actor = info.context.actor
    if actor is None or not actor.may(Scope.KEYS_MANAGE):
        return {}
    return {key.id: ApiKeyType.of(key) for key in await queries.keys_visible_to(actor).filter(id__in=key_ids)}
