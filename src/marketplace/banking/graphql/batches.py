"""What leaves through a bank: transfers, the batches that take them, and payments by hand. For finance only."""

from datetime import date, datetime
from typing import Annotated
from uuid import UUID

import strawberry

from marketplace.access.refusals import SecondPersonNeeded
from marketplace.banking import operations, queries
from marketplace.banking.graphql.accounts import BankAccountType
from marketplace.banking.models import BankAttempt, BankBatch, BankTransfer, BatchState, Hold, TransferState
from marketplace.banking.refusals import (
    BankDetailsUnusable,
    BatchDecided,
    BatchMayBeAtBank,
    BatchTooOld,
    EvidenceDiffers,
    NoBankAccount,
    NothingToPay,
    TransferNotPlanned,
    WrongRail,
)
from marketplace.banking.steps import batches
from marketplace.kit import ids, paging
from marketplace.kit.actor import ActorKind, Scope
from marketplace.kit.graphql import (
    After,
    Connection,
    CurrencyCode,
    First,
    Info,
    MoneyType,
    Node,
    WriteInput,
    actor_of,
    actor_with,
    batched,
    describe_enum,
    id_of,
    load_node,
    mutation,
    node_loader,
)
from marketplace.kit.rails import Rail
from marketplace.kit.refusals import NotFound, SamePerson
from marketplace.partners.graphql import PartnerType

describe_enum(
    TransferState,
    "What is known about money on its way through a bank.",
    name="BankTransferState",
    PLANNED="A batch takes it, or somebody pays it by hand.",
    BATCHED="In a file that nobody has approved yet.",
    ORDERED="The bank may have it.",
    ACCEPTED="The bank says that it will do it.",
    BOOKED="The debit stands on our account.",
    RETURNED="It came back.",
    REJECTED="It will not be done; nothing has left.",
)
describe_enum(
    BatchState,
    "Where a batch stands.",
    name="BankBatchState",
    PREPARED="Somebody has to approve it.",
    APPROVED="It can be fetched for the bank.",
    DISCARDED="It was not made.",
    GIVEN_UP="It never was at the bank.",
)
describe_enum(
    Hold,
    "Why a transfer is not paid now.",
    name="BankHold",
    NO_BANK_DETAILS="The partner has no bank details that are agreed on.",
    BANK_DETAILS_CHANGING="The partner's bank details are being changed.",
    PARTNER_SUSPENDED="The partner is not approved.",
    WAITING_FOR_FUNDS="Our account does not cover it.",
    RAIL_CANNOT_REACH="This rail does not reach the partner's account in this currency.",
)
describe_enum(
    Rail,
    "How money reaches a partner.",
    name="PayoutRail",
    STRIPE="Through Stripe, into an account that the partner opens there.",
    SEPA="By a SEPA credit transfer to its bank account.",
    MANUAL="By hand: two people order and confirm it at a bank.",
)


@strawberry.type(name="BankTransfer", description="Money to a partner's bank for one statement.")
class BankTransferType(Node):
    state: TransferState = strawberry.field(description="What is known about it.")
    rail: Rail = strawberry.field(description="How it leaves.")
    hold: Hold | None = strawberry.field(description="Why it was not taken when a batch was last prepared.")
    amount: MoneyType = strawberry.field(description="How much.")
    returned: MoneyType = strawberry.field(
        description="What of it came back in parts; the rest stays where it is. All of it at once is RETURNED."
    )
    remittance: str = strawberry.field(description="What the partner reads on its account.")
    attempts: int = strawberry.field(description="How many times it was tried.")
    reason_code: str | None = strawberry.field(
        description="Why it ended or a part came back, as the bank's code, such as AC04."
    )
    row: strawberry.Private[BankTransfer]

    @strawberry.field(description="The partner that is paid.")
    async def partner(self, info: Info) -> PartnerType | None:
        return await load_node(info, "partner", self.row.partner_id)

    @strawberry.field(description="The end-to-end id of its newest attempt; null before the first.")
    async def end_to_end_id(self, info: Info) -> str | None:
        found = await batched(info, "newest_attempts", _newest, self.row.id)
        return found.end_to_end_id if found else None

    @strawberry.field(description="Whether one person has paid it by hand, and a second one has to say so.")
    async def awaits_second_person(self, info: Info) -> bool:
        found = await batched(info, "newest_attempts", _newest, self.row.id)
        return self.row.state == TransferState.PLANNED and found is not None and found.state == "MADE"

    @classmethod
    def of(cls, row: BankTransfer) -> "BankTransferType":
        return cls(
            id=strawberry.ID(ids.public("bankTransfer", row.id)),
            state=TransferState(row.state),
            rail=Rail(row.rail),
            hold=Hold(row.hold) if row.hold else None,
            amount=MoneyType.minor(row.amount_minor, row.currency),
            returned=MoneyType.minor(row.returned_minor, row.currency),
            remittance=row.remittance,
            attempts=row.attempt,
            reason_code=row.reason_code,
            row=row,
        )


async def _newest(info: Info, wanted: list[UUID]) -> dict[UUID, BankAttempt]:
    return await queries.newest_attempts(wanted)


@strawberry.type(name="BankBatch", description="A file of transfers for a bank: one pain.001.001.09.")
class BankBatchType(Node):
    state: BatchState = strawberry.field(description="Where it stands.")
    message_id: str = strawberry.field(description="The id of the message, which the bank's answer names.")
    transfers: int = strawberry.field(description="How many transfers it has.")
    control_sum: MoneyType = strawberry.field(description="What they are together.")
    execute_on: date = strawberry.field(
        description="The day on which the bank is asked to do it: today, or the next on which banks settle euro."
    )
    sha256: str = strawberry.field(description="SHA-256 of the file, to compare with what was sent.")
    file_path: str | None = strawberry.field(
        description="Where finance fetches the file; null before it is approved."
    )
    answer: str | None = strawberry.field(description="What the bank said of it as a whole, such as ACCP or PART.")
    prepared_at: datetime = strawberry.field(description="When it was prepared.")
    approved_at: datetime | None = strawberry.field(description="When it was approved.")
    prepared_by: strawberry.ID = strawberry.field(description="The operator who prepared it.")
    approved_by: strawberry.ID | None = strawberry.field(description="The operator who approved it.")
    row: strawberry.Private[BankBatch]

    @strawberry.field(description="The account that pays.")
    async def account(self, info: Info) -> BankAccountType | None:
        return await load_node(info, "bankAccount", self.row.account_id)

    @strawberry.field(description="Its transfers, oldest first.")
    async def orders(self, info: Info, first: First = None, after: After = None) -> Connection[BankTransferType]:
        wanted = await queries.transfers_in(self.row.id)
        query = queries.transfers_visible_to(actor_of(info)).filter(id__in=wanted)
        page = await paging.page_of(query, first=first, after=after)
        return Connection[BankTransferType].of(page, BankTransferType.of, query.count)

    @classmethod
    def of(cls, row: BankBatch, currency: str) -> "BankBatchType":
        public = ids.public("bankBatch", row.id)
        return cls(
            id=strawberry.ID(public),
            state=BatchState(row.state),
            message_id=row.message_id,
            transfers=row.transfers,
            control_sum=MoneyType.minor(row.control_minor, currency),
            execute_on=row.execute_on,
            sha256=row.sha256,
            file_path=f"/bank/batches/{public}.xml" if row.state == BatchState.APPROVED else None,
            answer=row.answer,
            prepared_at=row.prepared_at,
            approved_at=row.approved_at,
            prepared_by=strawberry.ID(ids.public("operator", row.prepared_by)),
            approved_by=strawberry.ID(ids.public("operator", row.approved_by)) if row.approved_by else None,
            row=row,
        )


@strawberry.type(description="A planned transfer, and whether a batch would take it now.")
class BankBatchPreview:
    transfer: BankTransferType = strawberry.field(description="The transfer.")
    account: str | None = strawberry.field(description="The partner's account, but for its last four characters.")
    hold: Hold | None = strawberry.field(description="Why it would not be taken; null when it would.")


@node_loader("bankBatch")
async def load_batches(info: Info, wanted: list[UUID]) -> dict[UUID, BankBatchType]:
    rows = await queries.batches_visible_to(actor_of(info)).filter(id__in=wanted).prefetch_related("account")
    return {row.id: BankBatchType.of(row, row.account.currency) for row in rows}


@node_loader("bankTransfer")
async def load_transfers(info: Info, wanted: list[UUID]) -> dict[UUID, BankTransferType]:
    rows = await queries.transfers_visible_to(actor_of(info)).filter(id__in=wanted)
    return {row.id: BankTransferType.of(row) for row in rows}


async def _shown(row: BankBatch) -> BankBatchType:
    return BankBatchType.of(row, await queries.currency_of(row.account_id))


@strawberry.type
class BatchQuery:
    @strawberry.field(description="Batches for banks, newest first, for finance.")
    async def bank_batches(
        self, info: Info, first: First = None, after: After = None
    ) -> Connection[BankBatchType]:
        query = queries.batches_visible_to(actor_with(info, Scope.FINANCE_READ, ActorKind.OPERATOR))
        page = await paging.page_of(query.prefetch_related("account"), first=first, after=after)
        return Connection[BankBatchType].of(
            page, lambda row: BankBatchType.of(row, row.account.currency), query.count
        )

    @strawberry.field(description="Transfers through banks, newest first, for finance.")
    async def bank_transfers(
        self,
        info: Info,
        state: Annotated[
            TransferState | None, strawberry.argument(description="Only those that stand so.")
        ] = None,
        first: First = None,
        after: After = None,
    ) -> Connection[BankTransferType]:
        query = queries.transfers_visible_to(actor_with(info, Scope.FINANCE_READ, ActorKind.OPERATOR))
        query = query.filter(state=state.value) if state else query
        page = await paging.page_of(query, first=first, after=after)
        return Connection[BankTransferType].of(page, BankTransferType.of, query.count)

    @strawberry.field(
        description="What a batch would take now, oldest first, at most 1,000, and why not the rest; for finance."
    )
    async def bank_batch_preview(
        self,
        info: Info,
        currency: Annotated[CurrencyCode, strawberry.argument(description="The currency of the account.")],
    ) -> list[BankBatchPreview]:
        actor_with(info, Scope.FINANCE_READ, ActorKind.OPERATOR)
        account = await queries.account_in(currency)
        if account is None:
            return []
        return [
            BankBatchPreview(
                transfer=BankTransferType.of(found.transfer),
                account=found.details.shown if found.details else None,
                hold=found.hold,
            )
            for found in await batches.candidates(account, await batches.waiting(account))
        ]


@strawberry.input(description="Which account is to pay what is planned.")
class PrepareBankBatchInput(WriteInput):
    currency: CurrencyCode = strawberry.field(description="The currency of the account.")


def _decide(key: str, batch: str) -> operations.DecideBankBatch:
    return operations.DecideBankBatch(idempotency_key=key, batch_id=id_of("bankBatch", batch, "bankBatchId"))


@strawberry.input(description="A batch to approve.")
class ApproveBankBatchInput(WriteInput):
    bank_batch_id: strawberry.ID = strawberry.field(description="The batch; of somebody else when it is much.")


@strawberry.input(description="A batch that is not to be made.")
class DiscardBankBatchInput(WriteInput):
    bank_batch_id: strawberry.ID = strawberry.field(description="The batch, not approved yet.")


@strawberry.input(description="An approved batch that never was at the bank.")
class GiveUpBankBatchInput(WriteInput):
    bank_batch_id: strawberry.ID = strawberry.field(description="The batch.")
    evidence: str = strawberry.field(description="Where that can be seen, 1 to 300 characters.")


@strawberry.input(description="A transfer that is not to be made.")
class StopBankTransferInput(WriteInput):
    bank_transfer_id: strawberry.ID = strawberry.field(description="The transfer, not ordered yet.")
    reason: str = strawberry.field(description="Why, 1 to 300 characters.")


@strawberry.input(description="A payment that you have ordered at a bank by hand.")
class PayByHandInput(WriteInput):
    bank_transfer_id: strawberry.ID = strawberry.field(description="The transfer.")
    reference: str = strawberry.field(description="The bank's reference of the payment, 1 to 80 characters.")
    paid_on: date = strawberry.field(description="The day on which it was ordered.")
    evidence: str = strawberry.field(description="Where that can be seen, 1 to 300 characters.")


@strawberry.type
class BatchMutation:
    @mutation(
        gives=BankBatchType,
        refuses=(NoBankAccount, NothingToPay),
        description="Write a file of all that is planned and can be paid, for finance; look at the preview first.",
    )
    async def prepare_bank_batch(self, info: Info, input: PrepareBankBatchInput) -> BankBatchType:
        command = operations.PrepareBankBatch(idempotency_key=input.idempotency_key, currency=input.currency)
        return await _shown(await operations.prepare_bank_batch(actor_of(info), command))

    @mutation(
        gives=BankBatchType,
        refuses=(NotFound, BatchDecided, BatchTooOld, SamePerson),
        description="Let a batch be fetched for the bank, for finance; by a second person when it is much.",
    )
    async def approve_bank_batch(self, info: Info, input: ApproveBankBatchInput) -> BankBatchType:
        command = _decide(input.idempotency_key, input.bank_batch_id)
        return await _shown(await operations.approve_bank_batch(actor_of(info), command))

    @mutation(
        gives=BankBatchType,
        refuses=(NotFound, BatchDecided),
        description="Do not make a prepared batch, for finance; its transfers wait for another one.",
    )
    async def discard_bank_batch(self, info: Info, input: DiscardBankBatchInput) -> BankBatchType:
        command = _decide(input.idempotency_key, input.bank_batch_id)
        return await _shown(await operations.discard_bank_batch(actor_of(info), command))

    @mutation(
        gives=BankBatchType,
        refuses=(NotFound, BatchDecided, BatchMayBeAtBank, SecondPersonNeeded),
        description="Say, as two people of finance, that an approved batch never was at the bank.",
    )
    async def give_up_bank_batch(self, info: Info, input: GiveUpBankBatchInput) -> BankBatchType:
        command = operations.GiveUpBankBatch(
            idempotency_key=input.idempotency_key,
            batch_id=id_of("bankBatch", input.bank_batch_id, "bankBatchId"),
            evidence=input.evidence,
        )
        return await _shown(await operations.give_up_bank_batch(actor_of(info), command))

    @mutation(
        gives=BankTransferType,
        refuses=(NotFound, TransferNotPlanned),
        description="Do not make a planned transfer, for finance: its amount joins the partner's next statement.",
    )
    async def stop_bank_transfer(self, info: Info, input: StopBankTransferInput) -> BankTransferType:
        command = operations.StopBankTransfer(
            idempotency_key=input.idempotency_key,
            transfer_id=id_of("bankTransfer", input.bank_transfer_id, "bankTransferId"),
            reason=input.reason,
        )
        return BankTransferType.of(await operations.stop_bank_transfer(actor_of(info), command))

    @mutation(
        gives=BankTransferType,
        refuses=(
            NotFound,
            WrongRail,
            TransferNotPlanned,
            BankDetailsUnusable,
            EvidenceDiffers,
            SecondPersonNeeded,
        ),
        description="Say that you have paid a transfer by hand, for finance; a second person says the same.",
    )
    async def pay_by_hand(self, info: Info, input: PayByHandInput) -> BankTransferType:
        command = operations.PayByHand(
            idempotency_key=input.idempotency_key,
            transfer_id=id_of("bankTransfer", input.bank_transfer_id, "bankTransferId"),
            reference=input.reference,
            paid_on=input.paid_on,
            evidence=input.evidence,
        )
        return BankTransferType.of(await operations.pay_by_hand(actor_of(info), command))
