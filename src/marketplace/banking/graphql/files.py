"""The files of banks, and the statements and entries that they tell of."""

from datetime import date, datetime
from typing import Annotated, Any
from uuid import UUID

import orjson
import strawberry
from starlette.datastructures import UploadFile
from strawberry.file_uploads import Upload

from marketplace.banking import operations, queries, rules
from marketplace.banking.graphql.accounts import BankAccountType
from marketplace.banking.models import BankEntry, BankFile, BankMatch, BankStatement, Direction, FileKind
from marketplace.banking.refusals import BankMessageReused
from marketplace.kit import ids, paging, vault
from marketplace.kit.actor import ActorKind, Scope
from marketplace.kit.graphql import (
    After,
    BigInt,
    Connection,
    First,
    Info,
    MoneyType,
    Node,
    WriteInput,
    actor_of,
    actor_with,
    batched,
    describe_enum,
    load_node,
    mutation,
    node_loader,
)
from marketplace.kit.refusals import InvalidInput
from marketplace.ledger.graphql.books import JournalType

describe_enum(
    FileKind,
    "A message of ISO 20022 that a bank sends.",
    name="BankFileKind",
    CAMT053="Statements of accounts.",
    CAMT054="Single entries, told before a statement has them.",
    PAIN002="What became of an order of ours.",
)
describe_enum(
    Direction,
    "Which way the money of an entry went.",
    name="BankDirection",
    CREDIT="To our account.",
    DEBIT="From our account.",
)


@strawberry.type(name="BankFile", description="A message of a bank that was read, once.")
class BankFileType(Node):
    kind: FileKind = strawberry.field(description="What it is.")
    message_id: str = strawberry.field(description="The id that the bank gave it.")
    name: str = strawberry.field(description="The name of the file as it was sent.")
    page: int = strawberry.field(description="Which page of the message, where the bank sends it in several.")
    entries: BigInt = strawberry.field(description="How many booked entries, or answers, it tells of.")
    new_entries: BigInt = strawberry.field(description="How many of them nobody had told before.")
    skipped: BigInt = strawberry.field(description="How many it has that are not booked yet; they do not count.")
    read_at: datetime = strawberry.field(description="When it was read.")

    @classmethod
    def of(cls, row: BankFile) -> "BankFileType":
        return cls(
            id=strawberry.ID(ids.public("bankFile", row.id)),
            kind=FileKind(row.kind),
            message_id=row.message_id,
            page=row.page,
            name=row.name,
            entries=BigInt(row.entries),
            new_entries=BigInt(row.new_entries),
            skipped=BigInt(row.skipped),
            read_at=row.read_at,
        )


@strawberry.type(name="BankStatement", description="What a bank says of one account up to and with a day.")
class BankStatementType(Node):
    bank_id: str = strawberry.field(description="The id that the bank gave it.")
    opening: MoneyType = strawberry.field(description="What it opens with.")
    closing: MoneyType = strawberry.field(description="What it closes with: opening and all its entries.")
    closing_on: date = strawberry.field(description="The day of the closing balance.")

    @classmethod
    def of(cls, row: BankStatement, currency: str) -> "BankStatementType":
        return cls(
            id=strawberry.ID(ids.public("bankStatement", row.id)),
            bank_id=row.bank_id,
            opening=MoneyType.minor(row.opening_minor, currency),
            closing=MoneyType.minor(row.closing_minor, currency),
            closing_on=row.closing_on,
        )


@strawberry.type(name="BankMatch", description="A journal that says what an entry, or a part of it, was.")
class BankMatchType:
    amount: MoneyType = strawberry.field(description="How much of the entry it explains.")
    matched_at: datetime = strawberry.field(description="When that was found.")
    matched_by: strawberry.ID | None = strawberry.field(description="The person who said so; null for the house.")
    note: str | None = strawberry.field(description="What that person noted.")
    key: strawberry.Private[UUID]

    @strawberry.field(description="The journal.")
    async def journal(self, info: Info) -> JournalType | None:
        return await load_node(info, "journal", self.key)


@strawberry.type(
    name="BankEntry", description="Money that a bank has booked on our account, in its smallest part."
)
class BankEntryType(Node):
    direction: Direction = strawberry.field(description="Which way it went.")
    amount: MoneyType = strawberry.field(description="How much.")
    booked_on: date = strawberry.field(description="The day of the booking.")
    reference: str = strawberry.field(description="The bank's reference; one that begins with ~ is ours.")
    code: str = strawberry.field(description="The bank's code of what it is, such as PMNT/ICDT/ESCT.")
    end_to_end_id: str | None = strawberry.field(description="What the one who ordered it called it.")
    remittance: str = strawberry.field(description="What it is for, in the payer's words.")
    creditor_reference: str | None = strawberry.field(description="A structured reference, such as RF18….")
    returned: bool = strawberry.field(description="Whether it came back.")
    return_reason: str | None = strawberry.field(description="Why, as a code of ISO 20022, such as AC04.")
    explained_at: datetime | None = strawberry.field(description="When journals had said all that it was.")
    row: strawberry.Private[BankEntry]

    @strawberry.field(description="Who paid, or was paid, as the bank names them.")
    async def counterparty(self) -> str | None:
        return _counterparty(self.row).get("name")

    @strawberry.field(description="Their account, but for its last four characters.")
    async def counterparty_account(self) -> str | None:
        account = _counterparty(self.row).get("iban")
        return rules.masked(account) if account else None

    @strawberry.field(description="Our account.")
    async def account(self, info: Info) -> BankAccountType | None:
        return await load_node(info, "bankAccount", self.row.account_id)

    @strawberry.field(
        description="The statement that has it; null while only a notification or one of its pages has told of it."
    )
    async def statement(self, info: Info) -> BankStatementType | None:
        return await load_node(info, "bankStatement", self.row.statement_id) if self.row.statement_id else None

    @strawberry.field(description="The journals that say what it was.")
    async def matches(self, info: Info) -> list[BankMatchType]:
        found = await batched(info, "bank_matches", _matches, self.row.id)
        return [
            BankMatchType(
                amount=MoneyType.minor(match.amount_minor, self.row.currency),
                matched_at=match.matched_at,
                matched_by=strawberry.ID(ids.public("operator", match.matched_by)) if match.matched_by else None,
                note=match.note,
                key=match.journal_id,
            )
            for match in found or []
        ]

    @classmethod
    def of(cls, row: BankEntry) -> "BankEntryType":
        return cls(
            id=strawberry.ID(ids.public("bankEntry", row.id)),
            direction=Direction(row.direction),
            amount=MoneyType.minor(row.amount_minor, row.currency),
            booked_on=row.booked_on,
            reference=row.reference,
            code=row.code,
            end_to_end_id=row.end_to_end_id,
            remittance=row.remittance,
            creditor_reference=row.creditor_reference,
            returned=row.returned,
            return_reason=row.return_reason,
            explained_at=row.explained_at,
            row=row,
        )


async def _matches(info: Info, wanted: list[UUID]) -> dict[UUID, list[BankMatch]]:
    return await queries.matches_of(wanted)


def _counterparty(row: BankEntry) -> dict[str, str | None]:
    return orjson.loads(vault.unseal(row.counterparty)) if row.counterparty else {}


@node_loader("bankFile")
async def load_files(info: Info, wanted: list[UUID]) -> dict[UUID, BankFileType]:
    rows = await queries.files_visible_to(actor_of(info)).filter(id__in=wanted)
    return {row.id: BankFileType.of(row) for row in rows}


@node_loader("bankStatement")
async def load_statements(info: Info, wanted: list[UUID]) -> dict[UUID, BankStatementType]:
    rows = await queries.statements_visible_to(actor_of(info)).filter(id__in=wanted).prefetch_related("account")
    return {row.id: BankStatementType.of(row, row.account.currency) for row in rows}


@node_loader("bankEntry")
async def load_entries(info: Info, wanted: list[UUID]) -> dict[UUID, BankEntryType]:
    rows = await queries.entries_visible_to(actor_of(info)).filter(id__in=wanted)
    return {row.id: BankEntryType.of(row) for row in rows}


@strawberry.type
class FileQuery:
    @strawberry.field(description="Messages of banks that were read, newest first, for finance.")
    async def bank_files(self, info: Info, first: First = None, after: After = None) -> Connection[BankFileType]:
        query = queries.files_visible_to(actor_with(info, Scope.FINANCE_READ, ActorKind.OPERATOR))
        page = await paging.page_of(query, first=first, after=after)
        return Connection[BankFileType].of(page, BankFileType.of, query.count)

    @strawberry.field(description="What banks have booked on our accounts, newest first, for finance.")
    async def bank_entries(
        self,
        info: Info,
        explained: Annotated[
            bool | None, strawberry.argument(description="Only those that journals explain, or do not.")
        ] = None,
        first: First = None,
        after: After = None,
    ) -> Connection[BankEntryType]:
        query = queries.entries_visible_to(actor_with(info, Scope.FINANCE_READ, ActorKind.OPERATOR))
        query = query if explained is None else query.filter(explained_at__isnull=not explained)
        page = await paging.page_of(query, first=first, after=after)
        return Connection[BankEntryType].of(page, BankEntryType.of, query.count)


@strawberry.input(description="A message of a bank: camt.053, camt.054 or pain.002.")
class ReadBankFileInput(WriteInput):
    file: Upload = strawberry.field(description="The file, by the GraphQL multipart request specification.")


async def _command(key: str, file: Any) -> operations.ReadBankFile:
    if not isinstance(file, UploadFile):
        raise InvalidInput.at("file", "Send the file by the GraphQL multipart request specification.")
    return operations.ReadBankFile(idempotency_key=key, filename=file.filename or "", content=await file.read())


@strawberry.type
class FileMutation:
    @mutation(
        gives=BankFileType,
        refuses=(BankMessageReused,),
        description="Read a message of a bank. What was told before changes nothing; a bad file is not kept.",
    )
    async def read_bank_file(self, info: Info, input: ReadBankFileInput) -> BankFileType:
        command = await _command(input.idempotency_key, input.file)
        return BankFileType.of(await operations.read_bank_file(actor_of(info), command))
