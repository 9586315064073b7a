"""The catalogue as one shopper sees it: who shops, at which rates, and what an item costs them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from functools import cache
from typing import Any
from uuid import UUID

import orjson

from marketplace.catalog import queries as catalog
from marketplace.catalog.models import Item, Offer, OfferStatus
from marketplace.catalog.refusals import ClosedReason, NotAvailable
from marketplace.kit import clock, database
from marketplace.kit.actor import Actor, ActorKind
from marketplace.kit.periods import LimitPeriod, period_of
from marketplace.kit.refusals import NotFound
from marketplace.kit.rows import as_model, model_of, select_list
from marketplace.kit.sharing import SharedRead
from marketplace.ledger.queries import NoRate, Rate, fx_rate
from marketplace.members.models import Period, Program, RedemptionPolicy
from marketplace.members.policies import arm_for
from marketplace.partners.queries import TERMS, TERMS_IN_FORCE
from marketplace.partners.steps import TermsToday
from marketplace.points.queries import SPENDABLE
from marketplace.storefront import bearers, rules
from marketplace.storefront.cash import Ratios
from marketplace.storefront.rules import Limit, Shopper

_PROGRAM = """
program.id AS program_id, 'PTS-' || program.code AS unit, program.home_currency, program.countries,
value.value AS point_value, value.valid_from AS point_value_from, policy.facts AS policy"""
# The point value in force at the moment $2 in the program's own time zone, and the redemption policy.
POINT_VALUE = """
LEFT JOIN LATERAL (
    SELECT v.value, v.valid_from FROM point_value v
    WHERE v.program_id = program.id AND v.valid_from <= ($2::timestamptz AT TIME ZONE program.timezone)::date
    ORDER BY v.valid_from DESC LIMIT 1
) value ON TRUE"""
POLICY = """
LEFT JOIN LATERAL (
    SELECT to_jsonb(p) AS facts FROM redemption_policy p
    WHERE p.program_id = program.id AND p.country IN ('', {country}) AND p.valid_from <= $2::timestamptz
    ORDER BY p.country DESC, p.valid_from DESC LIMIT 1
) policy ON TRUE"""
SCHEME = """
LEFT JOIN LATERAL (
    SELECT s.terms, s.margin_bp, s.max_discount_points FROM tier_scheme s
    WHERE s.program_id = program.id AND s.valid_from <= $2::timestamptz ORDER BY s.valid_from DESC LIMIT 1
) scheme ON TRUE"""
DISCOUNT = "coalesce((scheme.terms->tier.code->>'discount_bp')::int, tier.discount_bp, 0)"
_WHO = f"""
{_PROGRAM}, member.id AS member_id, member.country, member.segments, tier.name AS tier_name,
    coalesce(tier.rank, 0) AS tier_rank,
    {DISCOUNT} AS discount_bp,
    scheme.margin_bp, scheme.max_discount_points, program.timezone, program.limits, CASE
        WHEN program.limits IS NOT NULL THEN (
            SELECT json_object_agg(u.period, json_build_array(u.redemptions, u.points, u.resets_at))
            FROM member_use u WHERE u.member_id = member.id
        )::text END AS used"""
_WHOSE = f"""
member JOIN program ON program.id = member.program_id
    LEFT JOIN tier_level tier ON tier.id = member.tier_id
    {SCHEME} {POINT_VALUE} {POLICY.format(country="member.country")}"""
_MEMBER = f"""
SELECT {_WHO}, (
        {SPENDABLE.format(member="member.id", moment="$2::timestamptz")}
    ) AS spendable
FROM {_WHOSE} WHERE member.id = $1 AND member.status = 'ACTIVE'"""
_ITEM, _OFFER, _TERMS = (
    catalog.ITEMS.reading(),
    catalog.OFFERS.reading(),
    TERMS.reading(),
)
_SEEN = f"""
SELECT {_WHO}, {{program}},
    {_ITEM.sql("item.")}, {_OFFER.sql("offer.").replace("{moment}", "$2")}, {_TERMS.sql("terms.")}
FROM {_WHOSE} LEFT JOIN (
    item i JOIN {catalog.OFFER_TABLES.replace("offer o", "offer o ON o.id = i.offer_id", 1)}
    {TERMS_IN_FORCE.format(moment="$2")}
    LEFT JOIN stock s ON s.item_id = i.id
    LEFT JOIN member_take t ON t.item_id = i.id AND t.member_id = asked.member_id
) ON i.id = asked.item_id
WHERE member.id = asked.member_id AND member.status = 'ACTIVE'"""
# Each one's rows are found by their keys, however many are asked for: OFFSET keeps them from being joined at once.
_SEEN_BY_EACH = f"""
SELECT asked.nr AS "asked.nr", seen.*
FROM unnest($1::uuid[], $3::uuid[]) WITH ORDINALITY AS asked (member_id, item_id, nr)
CROSS JOIN LATERAL ({_SEEN} OFFSET 0) AS seen"""
_AT_HOME = POLICY.format(country="''")
_LIST_PRICES = f"SELECT {_PROGRAM} FROM program {POINT_VALUE} {_AT_HOME} WHERE program.id = $1"


def _ratios(row: Mapping[str, Any], program_id: UUID, member_id: UUID | None) -> Ratios:
    """The ratios of a policy row; for a member, those of the arm that the member belongs to."""
    shares = [(name, arm["share_bp"]) for name, arm in sorted(row["arms"].items())]
    name = arm_for(member_id, program_id, shares) if member_id else None
    arm: dict[str, Any] = row["arms"][name] if name else {"cash_rate_bp": None, "worth_bp": {}}
    rate: int | None = arm["cash_rate_bp"]
    return Ratios(
        id=UUID(row["id"]),
        arm=name,
        worth_bp=row["worth_bp"] | arm["worth_bp"],
        cash_rate_bp=row["cash_rate_bp"] if rate is None else rate,
        cash_min_points=row["cash_min_points"],
        cash_max_points=row["cash_max_points"],
        cash_period=Period(row["cash_period"]),
        cash_countries=tuple(row["cash_countries"]),
        identity_required=row["identity_required"],
        enrolled_days=row["enrolled_days"],
        earned_days=row["earned_days"],
        points_share_bp=row["points_share_bp"],
    )


def _limits(row: Mapping[str, Any]) -> tuple[Limit, ...]:
    """The program's limits with what the member has used of each in the period that counts."""
    used: dict[str, list[Any]] = orjson.loads(row["used"] or "{}")
    limits: dict[str, dict[str, int]] = orjson.loads(row["limits"])
    found: list[Limit] = []
    for name, most in limits.items():
        redemptions, points, resets = used.get(name, [0, 0, None])
        resets_at = datetime.fromisoformat(resets) if resets else None
        ends_at = period_of(clock.now(), LimitPeriod(name), row["timezone"])[1]
        period = LimitPeriod(name)
        most_of = (most.get("redemptions"), most.get("points"))
        found.append(Limit(period, *most_of, redemptions, points, resets_at, ends_at))
    return tuple(found)


def _shopper(row: Mapping[str, Any]) -> Shopper:
    aside = ("countries", "segments", "policy", "timezone", "limits", "used")
    facts = {name: value for name, value in row.items() if name not in aside}
    if row["policy"] is not None:
        facts["policy"] = _ratios(orjson.loads(row["policy"]), row["program_id"], row.get("member_id"))
    if "segments" in row:
        facts["segments"] = tuple(orjson.loads(row["segments"]))
    if row.get("limits"):
        facts["limits"] = _limits(row)
    return Shopper(program_countries=tuple(orjson.loads(row["countries"])), **facts)


async def shopper_of(actor: Actor) -> Shopper | None:
    """For whom prices are shown: the member, or the program at its list prices; None for everybody else."""
    if actor.kind not in (ActorKind.MEMBER, ActorKind.PROGRAM):
        return None
    if actor.kind is ActorKind.MEMBER:
        row = await database.row(_MEMBER, actor.id, clock.now())
    else:
        row = await database.row(_LIST_PRICES, actor.id, clock.now())
    return _shopper(row) if row else None


def shopper_of_facts(facts: Mapping[str, Any], member_id: UUID) -> Shopper:
    """The member for whom these facts hold (see `standpoint`), without what is in their wallet."""
    since, value = facts["point_value_from"], facts["point_value"]
    told: dict[str, Any] = {name: orjson.dumps(facts[name]) for name in ("countries", "segments")}
    told["policy"] = orjson.dumps(facts["policy"]) if facts["policy"] else None
    exact = {
        "program_id": UUID(facts["program_id"]),
        "member_id": member_id,
        "point_value": Decimal(value) if value is not None else None,
        "point_value_from": date.fromisoformat(since) if since is not None else None,
    }
    return _shopper({**facts, **told, **exact})


async def shopping_member(member_id: UUID) -> Shopper:
    """A member who shops; raises NotFound for nobody or one who has left."""
    row = await database.row(_MEMBER, member_id, clock.now())
    if row is None:
        raise NotFound(what="member")
    return _shopper(row)


async def rate_or_none(base: str, quote: str) -> Rate | None:
    """The newest exchange rate, or None when none is known."""
    try:
        return await fx_rate(base, quote)
    except NoRate:
        return None


@dataclass(frozen=True, slots=True)
class _Seen:
    """A member, an item, and all that it belongs to, as they stand at one moment."""

    shopper: Shopper
    program: Program
    item: catalog.ItemRow
    offer: catalog.OfferRow
    terms: TermsToday | None


@cache
def _seen_sql() -> str:
    return _SEEN_BY_EACH.replace("{program}", select_list(Program, "program"))


async def _seen_by_each(asked: Sequence[tuple[UUID, UUID]]) -> dict[tuple[UUID, UUID], Any]:
    members, items = [member for member, _ in asked], [item for _, item in asked]
    records = await database.records(_seen_sql(), members, clock.now(), items)
    return {asked[record["asked.nr"] - 1]: record for record in records}


_seeing = SharedRead(_seen_by_each)


async def _seen(member_id: UUID, item_id: UUID) -> _Seen:
    """All that a price is made of but the exchange rate, in one statement. Raises NotFound."""
    record = await _seeing.ask((member_id, item_id))
    if record is None:
        raise NotFound(what="member")
    if record["item.id"] is None or record["offer.status"] == OfferStatus.DRAFT:
        raise NotFound(what="reward")
    start = len(record) - _ITEM.width - _OFFER.width - _TERMS.width
    offer = _OFFER.row(record, start + _ITEM.width)
    shares, terms = offer.contract_shares, _TERMS.row(record, len(record) - _TERMS.width)
    return _Seen(
        _shopper({name: value for name, value in record.items() if "." not in name}),
        model_of(Program, record, "program."),
        _ITEM.row(record, start),
        offer,
        None if shares is None else TermsToday.of(terms, bearers.terms_of(shares).commission_bp),
    )


@dataclass(frozen=True, slots=True)
class Priced:
    """What an item costs a member now, with the rows and the figures the price was made of.

    `price_minor` of `currency` is the market's price, `home_minor` of `home_currency` what the program's funding
    pays for it, at `fx_rate` (home units for one of the market's) as of `fx_as_of`, None for one currency. Of a
    discount worth `discount_minor` the partner bears `partner_discount_minor`, which `home_minor` is without.
    `terms` are those under which a sale of this moment is owed.
    """

    program: Program
    offer: Offer
    item: Item
    partner_id: UUID
    list_points: int
    points: int
    discount_bp: int
    price_minor: int
    currency: str
    home_minor: int
    home_currency: str
    discount_minor: int
    partner_discount_minor: int
    partner_share_bp: int
    point_value: Decimal
    fx_rate: Decimal
    fx_as_of: datetime | None
    worth_bp: int
    policy: Ratios
    terms: TermsToday | None


async def price_item(
    member_id: UUID, item_id: UUID, amount_minor: int | None = None, *, reserved: int = 0
) -> Priced:
    """What one item costs a member now, by the rules that lists show it by.

    `amount_minor` is chosen for a ranged item and left out for all others. `reserved` units are set aside for
    the member: they are left, and are counted again when they are taken. Raises NotFound, NotAvailable,
    OfferSoldOut or InvalidInput (at `amount`): exactly what `whyNot` says. Whether the wallet holds enough,
    stock is left and the member's limit allows it is decided by the steps that take them.
    """
    found = await _seen(member_id, item_id)
    shopper, item, offer = found.shopper, found.item, found.offer
    full_until = await catalog.limit_reached(member_id, offer.id) if offer.limits and not reserved else None
    if reserved:
        item = rules.with_reserved(item, reserved)
    refusal = rules.closed(shopper, offer, item, clock.now(), full_until)
    if refusal is not None:
        raise refusal
    rate = await rate_or_none(item.currency, shopper.home_currency)
    worth_bp = shopper.policy.worth_of(offer.kind)
    priced = rules.price(
        shopper, rules.chosen_amount(item, amount_minor), item.currency, rate, worth_bp, offer.contract_shares
    )
    if not await _can_be_settled(shopper, offer):
        raise NotAvailable.because(ClosedReason.NO_RATE)
    return Priced(
        program=found.program,
        offer=as_model(Offer, offer),
        item=as_model(Item, item),
        partner_id=offer.partner_id,
        list_points=priced.list_points,
        points=priced.points,
        discount_bp=priced.discount_bp,
        price_minor=priced.price_minor,
        currency=priced.currency,
        home_minor=priced.home_minor - priced.partner_discount_minor,
        home_currency=priced.home_currency,
        discount_minor=priced.discount_minor,
        partner_discount_minor=priced.partner_discount_minor,
        partner_share_bp=priced.partner_share_bp,
        point_value=priced.point_value,
        fx_rate=priced.rate.rate,
        fx_as_of=priced.rate.as_of,
        worth_bp=worth_bp,
        policy=shopper.policy,
        terms=found.terms,
    )


async def _can_be_settled(shopper: Shopper, offer: catalog.OfferRow) -> bool:
    """Whether the program's money can be turned into the currency the partner is owed in."""
    assert offer.settled_in is not None
    return await rate_or_none(shopper.home_currency, offer.settled_in) is not None


async def policies_of(actor: Actor, program_id: UUID | None) -> list[RedemptionPolicy]:
    """The newest hundred policies of the actor's program, or of the one an operator names."""
    own = actor.id if actor.kind is ActorKind.PROGRAM else program_id
    if own is None or program_id not in (None, own):
        return []
    return await RedemptionPolicy.filter(program_id=own).order_by("-valid_from", "-id").limit(100)
