"""Files of partners: what is wrong in them, and what they would publish."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

import strawberry

from marketplace.catalog.models import OfferKind
from marketplace.catalog.rules import localised
from marketplace.kit import ids, paging
from marketplace.kit.graphql import (
    BigInt,
    Connection,
    CountryCode,
    Info,
    MoneyType,
    Node,
    describe_enum,
    node_loader,
)
from marketplace.kit.refusals import BadUserInput
from marketplace.uploads import queries, rules
from marketplace.uploads.models import RowChange, Upload, UploadKind, UploadProblem, UploadState

First = Annotated[int | None, strawberry.argument(description="How many rows, at most 100.")]
After = Annotated[str | None, strawberry.argument(description="The cursor to go on from.")]
MOST_PREVIEWED = 50

describe_enum(
    UploadKind,
    "What a file holds.",
    OFFERS="Offers with their prices and stock.",
    CODES="Voucher codes.",
)
describe_enum(
    UploadState,
    "Where a file stands.",
    CHECKED="It has been rehearsed; nothing of it is in the catalogue.",
    PUBLISHED="What was good of it is in the catalogue.",
    DISCARDED="It was given up.",
)
describe_enum(
    RowChange,
    "What publishing a row does to the catalogue.",
    NEW="It adds the offer.",
    UPDATE="It changes an offer that is there.",
)


@strawberry.type(name="UploadFinding", description="What is wrong in one cell of a file.")
class UploadFindingType:
    line: int = strawberry.field(description="The line in the file, from 1; a row with line breaks begins there.")
    column: str = strawberry.field(description="The column; empty when it is about the line or the file.")
    value: str = strawberry.field(description="What stands there. Codes are masked.")
    code: str = strawberry.field(description="A stable code for programs, such as `DUPLICATE_SKU`.")
    message: str = strawberry.field(description="What is wrong, in a sentence.")
    suggestion: str = strawberry.field(
        description="What to write instead, or what to do; empty when nothing is near."
    )

    @classmethod
    def of(cls, row: UploadProblem, languages: Sequence[str]) -> "UploadFindingType":
        return cls(
            line=row.line,
            column=row.column,
            value=row.value,
            code=row.code,
            message=rules.told(row.message, row.facts, languages),
            suggestion=row.suggestion or rules.told(row.advice, row.facts, languages),
        )


@strawberry.type(description="A good row of a file as it would be published.")
class UploadPreview:
    line: int = strawberry.field(description="The line in the file.")
    sku: str = strawberry.field(description="The SKU of the offer.")
    item_sku: str = strawberry.field(description="The SKU of what exactly is taken.")
    country: CountryCode = strawberry.field(description="The market.")
    change: RowChange | None = strawberry.field(description="What it does to the catalogue; null for codes.")
    kind: OfferKind | None = strawberry.field(description="The kind of offer; null for codes.")
    title: str | None = strawberry.field(description="The title in your language; null for codes.")
    price: MoneyType | None = strawberry.field(description="What points must be worth; null for codes.")
    max_price: MoneyType | None = strawberry.field(description="The highest amount of a range.")
    stock: BigInt | None = strawberry.field(description="Units that can be taken; null without a limit.")
    code_mask: str | None = strawberry.field(description="The code, masked; null for offers.")
    expires_at: datetime | None = strawberry.field(description="When the code expires.")

    @classmethod
    def of_offer(cls, line: int, data: Mapping[str, Any], languages: Sequence[str]) -> "UploadPreview":
        offer, item = data["offer"], data["item"]
        most = item.get("max_price_minor")
        return cls(
            line=line,
            sku=data["sku"],
            item_sku=item["sku"],
            country=CountryCode(item["country"]),
            change=RowChange(data["change"]),
            kind=OfferKind(offer["kind"]),
            title=localised(offer["title"], languages),
            price=MoneyType.minor(item["price_minor"], item["currency"]),
            max_price=MoneyType.minor(most, item["currency"]) if most is not None else None,
            stock=item.get("stock"),
            code_mask=None,
            expires_at=None,
        )

    @classmethod
    def of_code(cls, line: int, data: Mapping[str, Any]) -> "UploadPreview":
        expires = data.get("expires_at")
        return cls(
            line=line,
            sku=data["sku"],
            item_sku=data["item_sku"],
            country=CountryCode(data["country"]),
            change=None,
            kind=None,
            title=None,
            price=None,
            max_price=None,
            stock=None,
            code_mask=data["mask"],
            expires_at=datetime.fromisoformat(expires) if expires else None,
        )


@strawberry.type(name="UploadedFile", description="A partner's file: rehearsed, then published or given up.")
class UploadedFileType(Node):
    kind: UploadKind = strawberry.field(description="What it holds.")
    state: UploadState = strawberry.field(description="Where it stands.")
    filename: str = strawberry.field(description="The name it was sent with.")
    sha256: str = strawberry.field(description="The SHA-256 of its bytes.")
    rows_total: int = strawberry.field(description="Rows below the column names.")
    rows_good: int = strawberry.field(description="Rows that are or would be published.")
    rows_bad: int = strawberry.field(description="Rows with a problem, or all when the file has one as a whole.")
    uploaded_at: datetime = strawberry.field(description="When it came.")
    published_at: datetime | None = strawberry.field(description="When it was published.")
    key: strawberry.Private[UUID]

    @strawberry.field(description="What is wrong, in the order of the file; at most 10,000 are kept.")
    async def findings(
        self, info: Info, first: First = None, after: After = None
    ) -> Connection[UploadFindingType]:
        query = UploadProblem.filter(upload_id=self.key)
        page = await paging.page_of(query, first=first, after=after, sort="line")
        languages = info.context.languages
        return Connection[UploadFindingType].of(
            page, lambda row: UploadFindingType.of(row, languages), query.count
        )

    @strawberry.field(description="The first good rows as they would be published.")
    async def preview(
        self,
        info: Info,
        first: Annotated[int, strawberry.argument(description=f"How many, at most {MOST_PREVIEWED}.")] = 10,
    ) -> list[UploadPreview]:
        if not 0 <= first <= MOST_PREVIEWED:
            raise BadUserInput(f"A preview has 0 to {MOST_PREVIEWED} rows; {first} were asked for.")
        rows = await queries.rows_of(self.key, first)
        if self.kind is UploadKind.CODES:
            return [UploadPreview.of_code(line, data) for line, data in rows]
        return [UploadPreview.of_offer(line, data, info.context.languages) for line, data in rows]

    @classmethod
    def of(cls, row: Upload) -> "UploadedFileType":
        return cls(
            id=strawberry.ID(ids.public("upload", row.id)),
            kind=UploadKind(row.kind),
            state=UploadState(row.state),
            filename=row.filename,
            sha256=row.sha256,
            rows_total=row.rows_total,
            rows_good=row.rows_good,
            rows_bad=row.rows_bad,
            uploaded_at=row.uploaded_at,
            published_at=row.published_at,
            key=row.id,
        )


@node_loader("upload")
async def load_uploads(info: Info, keys: list[UUID]) -> Mapping[UUID, UploadedFileType]:
    """The files among these that the caller may see."""
    actor = info.context.actor
    rows = await queries.uploads_visible_to(actor).filter(id__in=keys) if actor else []
    return {row.id: UploadedFileType.of(row) for row in rows}
