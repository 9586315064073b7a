"""Where partners are paid, as they and finance see it: masked, with what is pending."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

import strawberry

from marketplace.banking import operations, queries, rules
from marketplace.banking.models import BankDetails, DetailsState
from marketplace.banking.refusals import BankDetailsDecided, BankDetailsPending
from marketplace.kit import clock, ids, paging
from marketplace.kit.actor import ActorKind, Scope
from marketplace.kit.graphql import (
    After,
    Connection,
    CountryCode,
    First,
    Info,
    Node,
    WriteInput,
    actor_of,
    actor_with,
    batched,
    describe_enum,
    extend,
    id_of,
    load_node,
    mutation,
    node_loader,
)
from marketplace.kit.refusals import NotFound, SamePerson
from marketplace.partners.graphql import PartnerType

describe_enum(
    DetailsState,
    "Where bank details stand.",
    name="BankDetailsState",
    PROPOSED="A second person has to agree first.",
    AGREED="A second person has agreed; they are used once `usableFrom` has come.",
    CANCELLED="They were taken back or turned down.",
)


@strawberry.type(name="BankDetails", description="An account at a bank that a partner is paid to.")
class BankDetailsType(Node):
    state: DetailsState = strawberry.field(description="Where they stand.")
    account: str = strawberry.field(description="The account's number, but for its last four characters.")
    country: CountryCode = strawberry.field(description="The country of the account.")
    proposed_at: datetime = strawberry.field(description="When they were proposed.")
    usable_from: datetime = strawberry.field(
        description="From when on they are used, once a second person agrees: changed details wait three days."
    )
    row: strawberry.Private[BankDetails]

    @strawberry.field(description="Whether they are not in use yet; until they are, nothing is paid.")
    async def pending(self) -> bool:
        return rules.is_changing(self.row, clock.now())

    @strawberry.field(description="Whose they are.")
    async def partner(self, info: Info) -> PartnerType | None:
        return await load_node(info, "partner", self.row.partner_id)

    @strawberry.field(description="Whether another partner has named the same account; null but for finance.")
    async def named_by_others(self, info: Info) -> bool | None:
        if not queries.is_finance(actor_of(info)):
            return None
        return await batched(info, "named_by_others", _named_by_others, self.row.id)

    @classmethod
    def of(cls, row: BankDetails) -> "BankDetailsType":
        return cls(
            id=strawberry.ID(ids.public("bankDetails", row.id)),
            state=DetailsState(row.state),
            account=row.shown,
            country=CountryCode(row.country),
            proposed_at=row.proposed_at,
            usable_from=row.usable_from,
            row=row,
        )


async def _named_by_others(info: Info, wanted: list[UUID]) -> dict[UUID, bool]:
    return await queries.named_by_others(wanted)


@node_loader("bankDetails")
async def load_details(info: Info, wanted: list[UUID]) -> dict[UUID, BankDetailsType]:
    rows = await queries.details_visible_to(actor_of(info)).filter(id__in=wanted)
    return {row.id: BankDetailsType.of(row) for row in rows}


async def _details(partner: strawberry.Parent[PartnerType], info: Info) -> list[BankDetailsType]:
    return await batched(info, "bank_details", _of_partners, partner.key) or []


async def _of_partners(info: Info, wanted: list[UUID]) -> dict[UUID, list[BankDetailsType]]:
    rows = queries.details_visible_to(actor_of(info)).filter(partner_id__in=wanted)
    found: dict[UUID, list[BankDetailsType]] = {}
    for row in await rows.exclude(state=DetailsState.CANCELLED.value).order_by("-id"):
        kept = found.setdefault(row.partner_id, [])
        if not any(each.row.state == row.state for each in kept) or rules.is_changing(row, clock.now()):
            kept.append(BankDetailsType.of(row))
    return found


@extend(PartnerType)
class PartnerBankDetails:
    bank_details: list[BankDetailsType] = strawberry.field(
        resolver=_details,
        description="Where it is paid at a bank: a pending change first; empty but for itself and finance.",
    )


@strawberry.type
class DetailsQuery:
    @strawberry.field(description="Bank details, newest first: a partner's own, all for finance.")
    async def bank_details(
        self,
        info: Info,
        state: Annotated[DetailsState | None, strawberry.argument(description="Only those that stand so.")] = None,
        first: First = None,
        after: After = None,
    ) -> Connection[BankDetailsType]:
        is_partner = actor_of(info).kind is ActorKind.PARTNER
        needed = Scope.PAYOUT_ACCOUNT if is_partner else Scope.FINANCE_READ
        query = queries.details_visible_to(actor_with(info, needed, ActorKind.PARTNER, ActorKind.OPERATOR))
        query = query.filter(state=state.value) if state else query
        page = await paging.page_of(query, first=first, after=after)
        return Connection[BankDetailsType].of(page, BankDetailsType.of, query.count)


@strawberry.input(description="The account that you are paid to.")
class ChangeBankDetailsInput(WriteInput):
    holder: str = strawberry.field(description="In whose name it is kept, 1 to 70 characters.")
    iban: str | None = strawberry.field(default=None, description="Its IBAN, where its country has them.")
    bic: str | None = strawberry.field(
        default=None, description="The BIC of the bank, with an IBAN, if you know it."
    )
    other_account: str | None = strawberry.field(
        default=None, description="Bank and account in a country without IBANs, 1 to 120 characters."
    )

    def command(self, partner_id: UUID | None = None) -> operations.ChangeBankDetails:
        return operations.ChangeBankDetails(
            idempotency_key=self.idempotency_key,
            holder=self.holder,
            iban=self.iban,
            bic=self.bic,
            other_account=self.other_account,
            partner_id=partner_id,
        )


@strawberry.input(description="The account that a partner is paid to.")
class ProposeBankDetailsInput(WriteInput):
    partner_id: strawberry.ID = strawberry.field(description="Whose account it is.")
    holder: str = strawberry.field(description="In whose name it is kept, 1 to 70 characters.")
    iban: str | None = strawberry.field(default=None, description="Its IBAN, where its country has them.")
    bic: str | None = strawberry.field(
        default=None, description="The BIC of the bank, with an IBAN, if it is known."
    )
    other_account: str | None = strawberry.field(
        default=None, description="Bank and account in a country without IBANs, 1 to 120 characters."
    )

    def command(self) -> operations.ChangeBankDetails:
        """The command; raises InvalidInput for another thing's id."""
        return operations.ChangeBankDetails(
            idempotency_key=self.idempotency_key,
            holder=self.holder,
            iban=self.iban,
            bic=self.bic,
            other_account=self.other_account,
            partner_id=id_of("partner", self.partner_id, "partnerId"),
        )


def _decide(key: str, details: str) -> operations.DecideBankDetails:
    return operations.DecideBankDetails(
        idempotency_key=key, details_id=id_of("bankDetails", details, "bankDetailsId")
    )


@strawberry.input(description="Bank details to agree to.")
class AgreeToBankDetailsInput(WriteInput):
    bank_details_id: strawberry.ID = strawberry.field(description="The proposal, of somebody else.")

    def command(self) -> operations.DecideBankDetails:
        return _decide(self.idempotency_key, self.bank_details_id)


@strawberry.input(description="A change of your bank details to take back.")
class CancelBankDetailsInput(WriteInput):
    bank_details_id: strawberry.ID = strawberry.field(description="The change, not in use yet.")

    def command(self) -> operations.DecideBankDetails:
        return _decide(self.idempotency_key, self.bank_details_id)


@strawberry.input(description="A change of a partner's bank details to turn down.")
class RefuseBankDetailsInput(WriteInput):
    bank_details_id: strawberry.ID = strawberry.field(description="The change, not in use yet.")

    def command(self) -> operations.DecideBankDetails:
        return _decide(self.idempotency_key, self.bank_details_id)


@strawberry.type
class DetailsMutation:
    @mutation(
        gives=BankDetailsType,
        refuses=(NotFound, BankDetailsPending),
        description="Say which account you are paid to. Finance has to agree, and a change waits three days.",
    )
    async def change_bank_details(self, info: Info, input: ChangeBankDetailsInput) -> BankDetailsType:
        return BankDetailsType.of(await operations.change_bank_details(actor_of(info), input.command()))

    @mutation(
        gives=BankDetailsType,
        refuses=(NotFound, BankDetailsPending),
        description="Say for a partner which account it is paid to, for finance; another person has to agree.",
    )
    async def propose_bank_details(self, info: Info, input: ProposeBankDetailsInput) -> BankDetailsType:
        return BankDetailsType.of(await operations.propose_bank_details(actor_of(info), input.command()))

    @mutation(
        gives=BankDetailsType,
        refuses=(NotFound, SamePerson, BankDetailsDecided),
        description="Agree to bank details that somebody else proposed, having asked the partner, for finance.",
    )
    async def agree_to_bank_details(self, info: Info, input: AgreeToBankDetailsInput) -> BankDetailsType:
        return BankDetailsType.of(await operations.agree_to_bank_details(actor_of(info), input.command()))

    @mutation(
        gives=BankDetailsType,
        refuses=(NotFound, BankDetailsDecided),
        description="Take back a change of your bank details, yours or not, before it is in use.",
    )
    async def cancel_bank_details(self, info: Info, input: CancelBankDetailsInput) -> BankDetailsType:
        return BankDetailsType.of(await operations.cancel_bank_details(actor_of(info), input.command()))

    @mutation(
        gives=BankDetailsType,
        refuses=(NotFound, BankDetailsDecided),
        description="Turn a change of bank details down before it is in use, for finance.",
    )
    async def refuse_bank_details(self, info: Info, input: RefuseBankDetailsInput) -> BankDetailsType:
        return BankDetailsType.of(await operations.refuse_bank_details(actor_of(info), input.command()))
