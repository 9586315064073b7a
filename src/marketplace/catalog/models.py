"""Tables of the catalogue."""

from datetime import datetime
from enum import StrEnum
from typing import Any, ClassVar
from uuid import UUID

from tortoise import fields
from tortoise.indexes import Index
from tortoise.models import Model

from marketplace.kit import columns
from marketplace.kit.periods import LimitPeriod


class OfferKind(StrEnum):
    """The five kinds of reward."""

    VOUCHER = "VOUCHER"
    BRAND_CURRENCY = "BRAND_CURRENCY"
    MERCHANDISE = "MERCHANDISE"
    EXPERIENCE = "EXPERIENCE"
    DONATION = "DONATION"


class OfferStatus(StrEnum):
    """Whether an offer can be seen."""

    DRAFT = "DRAFT"
    PUBLISHED = "PUBLISHED"
    RETIRED = "RETIRED"


class Delivery(StrEnum):
    """What a voucher hands out."""

    CODE = "CODE"
    LINK = "LINK"
    ENTITLEMENT = "ENTITLEMENT"
    GENERIC_CODE = "GENERIC_CODE"


class StockMode(StrEnum):
    """How units of an item are counted: not at all, by number, or one code each."""

    UNLIMITED = "UNLIMITED"
    COUNTED = "COUNTED"
    CODES = "CODES"


class Market(Model):
    """A country with its currency and languages (BCP 47)."""

    country: fields.Field[str] = fields.CharField(max_length=2, primary_key=True)
    currency: fields.Field[str] = columns.text(3)
    languages: fields.Field[list[str]] = columns.names()

    class Meta(Model.Meta):
        table = "market"


class Category(Model):
    """A shelf of the catalogue."""

    code: fields.Field[str] = fields.CharField(max_length=40, primary_key=True)
    names: fields.Field[dict[str, str]] = columns.texts()
    position: fields.Field[int] = fields.IntField(default=0)

    class Meta(Model.Meta):
        table = "category"


class Offer(Model):
    """One catalogue entry of a brand.

    Kind-specific: vouchers have a `delivery`; brand currency a `unit_name`, and a `number_pattern` (regular
    expression) and `check_digit` scheme ("luhn") for membership numbers; experiences `cancel_until_hours`
    before the start; donations a `cause`, their brand belongs to a charity.

    `limits` is how many units a member can take in each period (`kit.periods.LimitPeriod`); `early_access` how
    many hours earlier it opens for members from a tier's rank on.
    """

    id: fields.Field[UUID] = columns.key()
    brand: Any = columns.ref("partners.Brand")
    brand_id: UUID
    sku: fields.Field[str] = columns.text(80)
    kind: fields.Field[str] = columns.text(20)
    status: fields.Field[str] = columns.text(20)
    category: Any = columns.ref("catalog.Category")
    category_id: str
    title: fields.Field[dict[str, str]] = columns.texts()
    description: fields.Field[dict[str, str]] = columns.texts()
    search_text: fields.Field[str] = columns.prose()
    popularity: fields.Field[int] = fields.IntField(default=0)
    published_from: fields.Field[datetime] = columns.moment()
    published_until: fields.Field[datetime | None] = columns.moment_or_none()
    min_tier_rank: fields.Field[int] = fields.IntField(default=0)
    segment: fields.Field[str | None] = columns.text_or_none(40)
    delivery: fields.Field[str | None] = columns.text_or_none(20)
    unit_name: fields.Field[dict[str, str]] = columns.texts()
    number_pattern: fields.Field[str | None] = columns.text_or_none(200)
    check_digit: fields.Field[str | None] = columns.text_or_none(20)
    cancel_until_hours: fields.Field[int | None] = fields.IntField(null=True)
    cause: fields.Field[dict[str, str]] = columns.texts()
    limits: fields.Field[dict[str, int] | None] = fields.JSONField[dict[str, int] | None](null=True)
    early_access: fields.Field[dict[str, int] | None] = fields.JSONField[dict[str, int] | None](null=True)
    source: fields.Field[str] = columns.text(80)
    source_updated_at: fields.Field[datetime] = columns.moment()
    created_at: fields.Field[datetime] = columns.moment()

    class Meta(Model.Meta):
        table = "offer"
        unique_together = (("brand_id", "sku"),)
        constraints = [
            columns.one_of("offer", "kind", OfferKind),
            columns.one_of("offer", "status", OfferStatus),
            columns.one_of("offer", "delivery", Delivery),
            columns.holds("offer", "voucher_has_delivery", "kind <> 'VOUCHER' OR delivery IS NOT NULL"),
            columns.holds(
                "offer", "window_in_order", "published_until IS NULL OR published_until > published_from"
            ),
        ]


class Listing(Model):
    """An offer in one market, with what lists filter and sort by (copied from offer and items)."""

    id: fields.Field[UUID] = columns.key()
    offer: Any = columns.ref("catalog.Offer")
    offer_id: UUID
    country: fields.Field[str] = columns.text(2)
    currency: fields.Field[str] = columns.text(3)
    kind: fields.Field[str] = columns.text(20)
    category_id: fields.Field[str] = columns.text(40)
    brand_id: fields.Field[UUID] = fields.UUIDField()
    from_price_minor: fields.Field[int] = columns.whole()
    popularity: fields.Field[int] = fields.IntField(default=0)
    published: fields.Field[bool] = columns.flag(True)
    newest_at: fields.Field[datetime] = columns.moment()

    class Meta(Model.Meta):
        table = "listing"
        unique_together = (("offer_id", "country"),)
        indexes = [
            Index(fields=["country", "popularity", "offer_id"], name="listing_popular"),
            Index(fields=["country", "from_price_minor", "offer_id"], name="listing_price"),
            Index(fields=["country", "newest_at", "offer_id"], name="listing_newest"),
            Index(fields=["country", "category_id", "popularity", "offer_id"], name="listing_category"),
            Index(fields=["brand_id", "country"], name="listing_brand"),
        ]
        constraints = [columns.holds("listing", "price_not_negative", "from_price_minor >= 0")]


class Item(Model):
    """What exactly is taken, in one market: `price_minor` of `currency` is what its points must be worth.

    `face_minor` is printed on a voucher; `units` is the size of a brand-currency lot; `starts_at`/`ends_at` are
    a session's; a ranged item (`max_price_minor`) lets the member choose an amount in steps of `step_minor`.
    """

    id: fields.Field[UUID] = columns.key()
    offer: Any = columns.ref("catalog.Offer")
    offer_id: UUID
    sku: fields.Field[str] = columns.text(80)
    label: fields.Field[dict[str, str]] = columns.texts()
    country: fields.Field[str] = columns.text(2)
    currency: fields.Field[str] = columns.text(3)
    price_minor: fields.Field[int] = columns.whole()
    max_price_minor: fields.Field[int | None] = columns.whole_or_none()
    step_minor: fields.Field[int | None] = columns.whole_or_none()
    face_minor: fields.Field[int | None] = columns.whole_or_none()
    units: fields.Field[int | None] = columns.whole_or_none()
    starts_at: fields.Field[datetime | None] = columns.moment_or_none()
    ends_at: fields.Field[datetime | None] = columns.moment_or_none()
    attributes: fields.Field[dict[str, Any]] = columns.facts()
    stock_mode: fields.Field[str] = columns.text(20)
    max_per_member: fields.Field[int | None] = fields.IntField(null=True)
    active: fields.Field[bool] = columns.flag(True)

    class Meta(Model.Meta):
        table = "item"
        unique_together = (("offer_id", "sku", "country"),)
        constraints = [
            columns.one_of("item", "stock_mode", StockMode),
            columns.holds("item", "price_not_negative", "price_minor >= 0"),
            columns.holds("item", "range_in_order", "max_price_minor IS NULL OR max_price_minor >= price_minor"),
        ]


class Stock(Model):
    """How many units of an item were put in and taken. The row is locked last.

    Of the codes that the counter has not come to, `withheld` are not handed out (see `withholding`), and the
    first of the others expires at `first_expiry`; null when none does.
    """

    item: Any = columns.ref_key("catalog.Item")
    item_id: UUID
    loaded: fields.Field[int] = columns.whole(0)
    taken: fields.Field[int] = columns.whole(0)
    withheld: fields.Field[int] = columns.whole(0)
    first_expiry: fields.Field[datetime | None] = columns.moment_or_none()

    class Meta(Model.Meta):
        table = "stock"
        indexes = [Index(fields=["first_expiry"], name="stock_first_expiry")]
        constraints = [
            columns.holds("stock", "never_oversold", "taken >= 0 AND taken <= loaded"),
            columns.holds("stock", "withheld_within", "withheld >= 0 AND taken + withheld <= loaded"),
        ]


class VoucherCode(Model):
    """A code in the vault, immutable: encrypted, with a keyed fingerprint that finds duplicates."""

    id: fields.Field[UUID] = columns.key()
    item: Any = columns.ref("catalog.Item", index=False)
    item_id: UUID
    position: fields.Field[int] = columns.whole()
    ciphertext: fields.Field[str] = fields.TextField()
    fingerprint: fields.Field[str] = columns.text(64)
    expires_at: fields.Field[datetime | None] = columns.moment_or_none()
    loaded_at: fields.Field[datetime] = columns.moment()

    append_only: ClassVar[bool] = True

    class Meta(Model.Meta):
        table = "voucher_code"
        unique_together = (("item_id", "position"), ("item_id", "fingerprint"))
        indexes = [Index(fields=["fingerprint"], name="voucher_code_fingerprint")]
        constraints = [columns.holds("voucher_code", "position_from_one", "position > 0")]


class ReturnedCode(Model):
    """A position whose code was taken, never revealed, and given back: taken first the next time."""

    id: fields.Field[UUID] = columns.key()
    item: Any = columns.ref("catalog.Item", index=False)
    item_id: UUID
    position: fields.Field[int] = columns.whole()

    class Meta(Model.Meta):
        table = "returned_code"
        unique_together = (("item_id", "position"),)


class CodeFreeze(Model):
    """Codes of an item that were stopped because they may have leaked, until they are released."""

    id: fields.Field[UUID] = columns.key()
    item: Any = columns.ref("catalog.Item")
    item_id: UUID
    reason: fields.Field[str] = columns.text(300)
    codes: fields.Field[int] = columns.whole(0)
    frozen_at: fields.Field[datetime] = columns.moment()
    released_at: fields.Field[datetime | None] = columns.moment_or_none()

    class Meta(Model.Meta):
        table = "code_freeze"


class WithheldCode(Model):
    """A position whose code is not handed out: stopped by a freeze, or (without one) expired on the shelf."""

    id: fields.Field[UUID] = columns.key()
    item: Any = columns.ref("catalog.Item", index=False)
    item_id: UUID
    position: fields.Field[int] = columns.whole()
    freeze: Any = columns.ref("catalog.CodeFreeze", null=True)
    freeze_id: UUID | None
    withheld_at: fields.Field[datetime] = columns.moment()

    class Meta(Model.Meta):
        table = "withheld_code"
        unique_together = (("item_id", "position"),)


class StockMovement(Model):
    """One unit taken or put back, with its cause: `taken` of the stock row is their sum. Append-only."""

    id: fields.Field[UUID] = columns.key()
    item: Any = columns.ref("catalog.Item")
    item_id: UUID
    change: fields.Field[int] = fields.SmallIntField()
    position: fields.Field[int | None] = columns.whole_or_none()
    ref_type: fields.Field[str] = columns.text(60)
    ref_id: fields.Field[UUID] = fields.UUIDField()
    at: fields.Field[datetime] = columns.moment()

    append_only: ClassVar[bool] = True

    class Meta(Model.Meta):
        table = "stock_movement"
        unique_together = (("ref_id", "change"),)
        constraints = [columns.holds("stock_movement", "one_unit", "change IN (-1, 1)")]


class MemberTake(Model):
    """How many units of an item with a limit one member holds."""

    id: fields.Field[UUID] = columns.key()
    item: Any = columns.ref("catalog.Item", index=False)
    item_id: UUID
    member: Any = columns.ref("members.Member")
    member_id: UUID
    units: fields.Field[int] = fields.IntField()

    class Meta(Model.Meta):
        table = "member_take"
        unique_together = (("item_id", "member_id"),)
        constraints = [columns.holds("member_take", "not_negative", "units >= 0")]


class OfferTake(Model):
    """How many units of an offer one member took in the current period of each kind."""

    id: fields.Field[UUID] = columns.key()
    offer: Any = columns.ref("catalog.Offer", index=False)
    offer_id: UUID
    member: Any = columns.ref("members.Member")
    member_id: UUID
    period: fields.Field[str] = columns.text(20)
    starts_at: fields.Field[datetime] = columns.moment()
    resets_at: fields.Field[datetime] = columns.moment()
    units: fields.Field[int] = fields.IntField()

    class Meta(Model.Meta):
        table = "offer_take"
        unique_together = (("offer_id", "member_id", "period"),)
        constraints = [
            columns.one_of("offer_take", "period", LimitPeriod),
            columns.holds("offer_take", "not_negative", "units >= 0 AND resets_at > starts_at"),
        ]


class SearchWord(Model):
    """A word that some offer is found by; a word with a typo is looked up here first."""

    word: fields.Field[str] = fields.CharField(max_length=40, primary_key=True)

    class Meta(Model.Meta):
        table = "search_word"


class DropState(StrEnum):
    """Where a drop stands."""

    ANNOUNCED = "ANNOUNCED"
    OPEN = "OPEN"
    SOLD_OUT = "SOLD_OUT"
    ENDED = "ENDED"


class Drop(Model):
    """Limited stock of an offer that opens at an instant, by the server's clock, and ends at another.

    Planning it makes these the offer's own dates. `every_days` says that the next one follows by itself;
    `reminded_at` when those who asked were told.
    """

    id: fields.Field[UUID] = columns.key()
    offer: Any = columns.ref("catalog.Offer", index=False)
    offer_id: UUID
    opens_at: fields.Field[datetime] = columns.moment()
    ends_at: fields.Field[datetime] = columns.moment()
    every_days: fields.Field[int | None] = fields.IntField(null=True)
    reminded_at: fields.Field[datetime | None] = columns.moment_or_none()

    class Meta(Model.Meta):
        table = "offer_drop"
        unique_together = (("offer_id", "opens_at"),)
        indexes = [Index(fields=["ends_at"], name="offer_drop_ends")]
        constraints = [
            columns.holds("offer_drop", "ends_after_it_opens", "ends_at > opens_at"),
            columns.holds("offer_drop", "repeats_after_days", "every_days IS NULL OR every_days > 0"),
        ]


class DropReminder(Model):
    """A member who wants to be told before a drop opens, and when that was done."""

    id: fields.Field[UUID] = columns.key()
    drop: Any = columns.ref("catalog.Drop", index=False)
    drop_id: UUID
    member: Any = columns.ref("members.Member")
    member_id: UUID
    asked_at: fields.Field[datetime] = columns.moment()
    told_at: fields.Field[datetime | None] = columns.moment_or_none()

    class Meta(Model.Meta):
        table = "drop_reminder"
        unique_together = (("drop_id", "member_id"),)
