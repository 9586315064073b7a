"""Each member sees the catalogue of their own market, in their own language, at their own price."""

from decimal import Decimal

from marketplace.app.tour.cast import Cast, Member
from marketplace.app.tour.client import Json
from marketplace.app.tour.shopping import seen
from marketplace.app.tour.stage import Stage, money

TITLE = "Browsing, in one's own market and language"
_IN_SWEDEN = {
    "KAFFE-50", "SISTA", "MOGEN", "POANG", "MUGG", "PROVNING", "KORT", "ALLA", "SLAPP", "PROV", "FAT", "KANNA",
}  # fmt: skip
_LIST = """query Offers($filter: OfferFilter, $sort: OfferSort!, $first: Int, $after: String) {
  offers(filter: $filter, sort: $sort, first: $first, after: $after) { totalCount
    nodes { id kind title brand { name } pointsPrice { points price { amount currency } }
            whyNot { code message pointsToGo } }
    pageInfo { hasNextPage endCursor } } }"""
_FACETS = """query Facets($filter: OfferFilter) { offerFacets(filter: $filter) {
  kinds { kind count } categories { count category { name } } } }"""


def play(stage: Stage, cast: Cast) -> None:
    """Nothing changes: members look around."""
    for member, title, sold in (
        (
            cast.astrid,
            "Kaffe för 50.00",
            _IN_SWEDEN,
        ),
        (cast.aisyah, "Kopi bernilai 20.00", {"KAFFE-20", "POANG", "MUGG"}),
    ):
        _listed(stage, member)
        _searched(stage, member)
        _own_shop(stage, cast, member, title, len(sold))
    _passports(stage, cast)
    _why_not(stage, cast)
    _asked_too_much(stage, cast.astrid)


def _offers(
    member: Member, sort: str = "POPULAR", first: int = 5, after: str | None = None, **wanted: object
) -> Json:
    return member.phone.ask(_LIST, filter=wanted or None, sort=sort, first=first, after=after)["offers"]


def _show(stage: Stage, title: str, found: Json) -> None:
    rows: list[tuple[str, ...]] = []
    for offer in found["nodes"]:
        price: Json = offer["pointsPrice"] or {"price": None, "points": "-"}
        why: Json = offer["whyNot"] or {"message": "can be taken"}
        points = str(price["points"])
        rows.append(
            (offer["kind"], offer["title"], offer["brand"]["name"], money(price["price"]), points, why["message"])
        )
    stage.show(
        f"{title} ({found['totalCount']:,} in all)", ("kind", "title", "brand", "price", "points", ""), rows
    )


def _listed(stage: Stage, member: Member) -> None:
    phone = member.phone
    first = _offers(member)
    _show(stage, f"{phone.name}: the catalogue", first)
    second = _offers(member, after=first["pageInfo"]["endCursor"])
    ids = [offer["id"] for offer in first["nodes"] + second["nodes"]]
    stage.equal(phone, "turns the page: ten different offers", len(set(ids)), 10)
    facets = phone.ask(_FACETS, filter=None)["offerFacets"]
    said = ", ".join(f"{each['kind']} {each['count']:,}" for each in facets["kinds"])
    total = sum(each["count"] for each in facets["kinds"])
    stage.holds(phone, "reads facets that add up to the list", total == first["totalCount"], said)
    shelves = ", ".join(f"{each['category']['name']} {each['count']:,}" for each in facets["categories"][:6])
    stage.holds(phone, "and shelves with names", bool(shelves), shelves)
    cheap = _offers(member, sort="PRICE_ASC", first=20, kinds=["MERCHANDISE"], maxPoints=5000)
    prices = [offer["pointsPrice"]["points"] for offer in cheap["nodes"]]
    fits = prices == sorted(prices) and all(price <= 5000 for price in prices) and bool(prices)
    stage.holds(phone, "filters merchandise up to 5,000 points, cheapest first", fits, prices[:8])


def _searched(stage: Stage, member: Member) -> None:
    found = _offers(member, text="starbuks")
    _show(stage, f"{member.phone.name}: searching for “starbuks”", found)
    brands = {offer["brand"]["name"] for offer in found["nodes"]}
    stage.holds(
        member.phone, "finds Starbucks in spite of the typo", "Starbucks" in brands, ", ".join(sorted(brands))
    )
    nothing = _offers(member, text="zzqxyvv")
    stage.equal(member.phone, "searches for what there is not", nothing["totalCount"], 0)


def _own_shop(stage: Stage, cast: Cast, member: Member, title: str, sold: int) -> None:
    found = _offers(member, first=20, brands=[cast.brand_id])
    _show(stage, f"{member.phone.name}: what the new brand sells here", found)
    titles = {offer["title"] for offer in found["nodes"]}
    stage.holds(member.phone, f"reads {title!r} in their own language", title in titles, ", ".join(sorted(titles)))
    stage.equal(member.phone, "sees what is sold in their own market", found["totalCount"], sold)


def _passports(stage: Stage, cast: Cast) -> None:
    rows: list[tuple[str, ...]] = []
    for member, item in ((cast.astrid, "MUGG/SE"), (cast.johan, "MUGG/SE"), (cast.aisyah, "MUGG/MY")):
        price = seen(member.phone, cast.items[item]["id"])["pointsPrice"]
        rows.append(
            (member.phone.name, item, money(price["price"]), f"{price['listPoints']:,}",
             f"{price['tier'] or '-'} {price['discountBp'] / 100:g} %", f"{price['points']:,}",
             money(price["worthPerThousand"]), f"{price['pointValue']['value']} {price['pointValue']['currency']}")
        )  # fmt: skip
        fair = Decimal(str(price["worth"]["amount"])) / Decimal(str(price["pointValue"]["value"]))
        stage.holds(
            member.phone, f"is asked worth / point value for {item}", price["listPoints"] == -(-fair // 1), fair
        )
        cut = price["listPoints"] * (10_000 - price["discountBp"]) / 10_000
        stage.holds(
            member.phone, "less the discount of the tier", abs(price["points"] - cut) <= 1, price["points"]
        )
    columns = (
        "who",
        "item",
        "price",
        "list points",
        "tier",
        "points",
        "1,000 points are worth",
        "a point is worth",
    )
    stage.show("Price passports of one mug", columns, rows)


def _why_not(stage: Stage, cast: Cast) -> None:
    johan = cast.johan.phone
    soon = seen(johan, cast.items["MOGEN/SE"]["id"])["whyNot"]
    stage.equal(johan, "asks why not: it opens in a week", soon["code"], "NOT_YET_OPEN")
    dearest: list[Json] = _offers(cast.johan, sort="PRICE_DESC", first=50)["nodes"]
    dear = next(offer for offer in dearest if offer["whyNot"]["code"] == "INSUFFICIENT_POINTS")
    points, why = dear["pointsPrice"]["points"], dear["whyNot"]
    stage.equal(johan, f"asks how far {dear['title']} is", why["pointsToGo"], points - 2_000)
    foreign = seen(johan, cast.items["KAFFE-20/MY"]["id"])["whyNot"]
    stage.equal(johan, "asks for what is sold in Malaysia", foreign["code"], "NOT_IN_YOUR_MARKET")
    _choices(stage, cast.astrid)
    _choices(stage, cast.aisyah)


_CHOICES = """query Choices($points: BigInt!) { redemptionChoices(points: $points) { worth { amount currency }
  kinds { kind choices { times pointsLeft item { label offer { title } }
          pointsPrice { points worthPerThousand { amount currency } } } }
  cash { amount { amount currency } worthPerThousand { amount currency } rateBp
    whyNot { code message } } } }"""


def _choices(stage: Stage, member: Member) -> None:
    points = 10_000
    found = member.phone.ask(_CHOICES, points=points)["redemptionChoices"]
    rows: list[tuple[str, ...]] = []
    for kind in found["kinds"]:
        for choice in kind["choices"][:1]:
            price, label = choice["pointsPrice"], f"{choice['item']['offer']['title']}, {choice['item']['label']}"
            rows.append((kind["kind"], f"{choice['times']} x {label}", money(price["worthPerThousand"])))
    cash = found["cash"]
    why = cash["whyNot"]["message"] if cash["whyNot"] else ""
    rows.append(("CASH", f"{money(cash['amount'])} {why}", money(cash["worthPerThousand"])))
    title = f"{member.phone.name}: what 10,000 points are, worth {money(found['worth'])}"
    stage.show(title, ("kind", "what they buy", "1,000 points are worth"), rows)
    stage.equal(member.phone, "compares five kinds of reward", len(found["kinds"]), 5)
    if cash["amount"] is None:
        stage.equal(member.phone, "and is told why there is no cash", cash["whyNot"]["code"], "CASH_NOT_OFFERED")
        return
    share = Decimal(str(cash["amount"]["amount"])) * 10_000 / Decimal(str(found["worth"]["amount"]))
    stage.equal(member.phone, "and cash, at the program's rate", share, Decimal(cash["rateBp"]))


def _asked_too_much(stage: Stage, member: Member) -> None:
    variables: Json = {"filter": None, "sort": "POPULAR"}
    greedy = member.phone.answer(_LIST, variables | {"first": 5000})
    stage.turned_away(member.phone, "asks for 5,000 rows at once", greedy, "LIMIT_EXCEEDED")
    forged = member.phone.answer(_LIST, variables | {"first": 5, "after": "bm9uc2Vuc2U"})
    stage.turned_away(member.phone, "turns the page with a made-up cursor", forged, "BAD_USER_INPUT")
    none = member.phone.ask('{ offer(id: "offer_nonsense") { id } }')
    stage.equal(member.phone, "asks for an offer that is none", none["offer"], None)
