"""Markets and categories, and the catalogue's enums."""

import strawberry

from marketplace.catalog import queries, rules
from marketplace.catalog.models import Category, Delivery, Market, OfferKind, OfferStatus
from marketplace.catalog.queries import CategoryRow
from marketplace.catalog.refusals import ClosedReason
from marketplace.kit.actor import ActorKind
from marketplace.kit.graphql import CountryCode, CurrencyCode, Info, LanguageTag, batched, describe_enum
from marketplace.kit.plans import Join, planned

describe_enum(
    OfferKind,
    "The five kinds of reward.",
    VOUCHER="A code, a link or an entitlement.",
    BRAND_CURRENCY="A brand's own units: miles, stars, store credit.",
    MERCHANDISE="Something that is shipped.",
    EXPERIENCE="A seat in a session.",
    DONATION="A gift to a charity.",
)
describe_enum(
    OfferStatus,
    "Whether an offer can be seen.",
    DRAFT="Only its partner and operators see it.",
    PUBLISHED="It is in the catalogue.",
    RETIRED="It was in the catalogue and cannot be taken any more.",
)
describe_enum(
    Delivery,
    "What a voucher hands out.",
    name="VoucherDelivery",
    CODE="A code.",
    LINK="A link.",
    ENTITLEMENT="A right, such as a free drink, with nothing to carry.",
    GENERIC_CODE="One code that everybody gets, so many times.",
)
describe_enum(
    ClosedReason,
    "Why a reward cannot be taken by somebody now.",
    NOT_IN_YOUR_MARKET="It is not offered in their country.",
    CLOSED="It is not offered any more.",
    ENDED="Its time is over.",
    TIER_TOO_LOW="It is for a higher tier.",
    NOT_FOR_YOU="It is for a segment they do not belong to.",
    NOT_YET_OPEN="It opens later.",
    STARTED="The session has begun.",
    LIMIT_REACHED="They have taken as many as one member can.",
    NO_RATE="No exchange rate or point value is known to price it with.",
)


@strawberry.type(name="Market", description="A country in which offers are sold.")
class MarketType:
    country: CountryCode = strawberry.field(description="ISO 3166-1 alpha-2.")
    currency: CurrencyCode = strawberry.field(description="What prices are in there.")
    languages: list[LanguageTag] = strawberry.field(description="What is read there, most common first.")

    @classmethod
    def of(cls, row: Market) -> "MarketType":
        return cls(
            country=CountryCode(row.country),
            currency=CurrencyCode(row.currency),
            languages=[LanguageTag(tag) for tag in row.languages],
        )


@strawberry.type(name="Category", description="A shelf of the catalogue.")
class CategoryType:
    row: strawberry.Private[Category | CategoryRow]

    @planned(reads=("code",), description="A stable code for programs, such as `dining`.")
    def code(self) -> str:
        return self.row.code

    @planned(reads=("names",), description="Its name in your language.")
    def name(self, info: Info) -> str:
        return rules.localised(self.row.names, info.context.languages)

    @classmethod
    def of(cls, row: Category | CategoryRow) -> "CategoryType":
        return cls(row=row)


SHELF_BESIDE = Join(
    "category",
    queries.CATEGORIES,
    key="category_id",
    build=CategoryType.of,
    clause="JOIN category c ON c.code = o.category_id",
)


async def category(info: Info, code: str) -> CategoryType | None:
    """A category by its code, batched."""

    async def fetch(_: Info, codes: list[str]) -> dict[str, CategoryType]:
        return {row.code: CategoryType.of(row) for row in await Category.filter(code__in=codes)}

    return await batched(info, "category", fetch, code)


async def market_of(info: Info) -> str | None:
    """The country a member lives in, asked once a request; None for everybody else."""
    actor = info.context.actor
    if actor is None or actor.kind is not ActorKind.MEMBER:
        return None

    async def fetch(_: Info, __: list[str]) -> dict[str, str | None]:
        return {"own": await queries.country_of(actor)}

    return await batched(info, "market", fetch, "own")
