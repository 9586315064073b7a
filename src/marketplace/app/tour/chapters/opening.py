"""The operator opens a partner: who may, terms, brand, approval, and a key for its server."""

from datetime import UTC, datetime, timedelta

from marketplace.app.tour.cast import Cast
from marketplace.app.tour.client import new_key
from marketplace.app.tour.stage import Stage

TITLE = "A new partner, and its terms"
SHOP_SCOPES = [
    "POINTS_BUY",
    "CATALOG_READ",
    "OFFERS_UPLOAD",
    "CODES_FREEZE",
    "FULFIL",
    "STATEMENTS_READ",
    "PAYOUT_ACCOUNT",
    "WEBHOOKS_MANAGE",
]


def play(stage: Stage, cast: Cast) -> None:
    """Afterwards the partner Fjord & Fika is approved, has a brand, and its server has a key."""
    _opened(stage, cast)
    _terms_agreed(stage, cast)
    _key_issued(stage, cast)


def _opened(stage: Stage, cast: Cast) -> None:
    operator, name = cast.operator, f"Fjord & Fika {cast.run}"
    wish = {"name": name, "kind": "COMMERCIAL", "country": "SE"}
    stage.turned_away(
        cast.anybody, "opens a partner", cast.anybody.attempt("createPartner", **wish), "UNAUTHENTICATED"
    )
    stage.turned_away(cast.north, "opens a partner", cast.north.attempt("createPartner", **wish), "FORBIDDEN")
    wrong = operator.do("createPartner", name="  ", kind="COMMERCIAL", country="XQ")
    stage.does(operator, "opens a partner without a name, in XQ", wrong, "InvalidInput")
    shown, key = "... on Partner { id name status }", new_key()
    partner = operator.do("createPartner", shown, **wish, idempotencyKey=key)
    stage.does(operator, f"opens {name}", partner, "Partner", status="PENDING")
    again = operator.do("createPartner", shown, **wish, idempotencyKey=key)
    stage.equal(operator, "sends the same request again: the same answer", again, partner)
    stage.does(operator, "opens it once more", operator.do("createPartner", **wish), "PartnerNameTaken")
    other = operator.do("createPartner", **(wish | {"country": "NO"}), idempotencyKey=key)
    stage.does(operator, "uses the same key for other facts", other, "IdempotencyKeyReused")
    cast.partner_id = partner["id"]


def _terms_agreed(stage: Stage, cast: Cast) -> None:
    operator, partner = cast.operator, cast.partner_id
    early = operator.do("approvePartner", partnerId=partner)
    stage.does(operator, "approves it before there is a contract", early, "PartnerHasNoContract")
    yesterday = datetime.now(UTC).date() - timedelta(days=1)
    terms = {
        "partnerId": partner, "validFrom": yesterday.isoformat(), "commissionBp": 800, "vatBp": 2500,
        "currency": "SEK", "timezone": "Europe/Stockholm", "schedule": "WEEKLY",
        "returnWindowDays": 14,
        "minimumPayout": {"amount": "100", "currency": "SEK"},
    }  # fmt: skip
    agreed = operator.do("agreeContract", "... on Contract { commissionBp currency validFrom }", **terms)
    stage.does(operator, "agrees on 8 % commission, settled in SEK", agreed, "Contract", commissionBp=800)
    bad = operator.do("agreeContract", **(terms | {"timezone": "Mars/Olympus", "commissionBp": 20_000}))
    stage.does(operator, "agrees on 200 %, by the days of Mars", bad, "InvalidInput")
    brand = {
        "partnerId": partner,
        "name": f"Fjord & Fika {cast.run}",
        "countries": ["SE", "MY"],
        "category": "dining",
    }
    made = operator.do("createBrand", "... on Brand { id slug imageUrl }", **brand)
    stage.does(operator, "gives it a brand in Sweden and Malaysia", made, "Brand")
    stage.does(operator, "gives it the same brand again", operator.do("createBrand", **brand), "BrandNameTaken")
    approved = operator.do("approvePartner", "... on Partner { status }", partnerId=partner)
    stage.does(operator, "approves it", approved, "Partner", status="APPROVED")
    cast.brand_id = made["id"]


def _key_issued(stage: Stage, cast: Cast) -> None:
    operator = cast.operator
    wish = {"name": "shop server", "owner": cast.partner_id}
    greedy = operator.do("issueApiKey", **wish, scopes=["OFFERS_UPLOAD", "SETTLE"])
    stage.does(operator, "issues a key that could settle", greedy, "ScopeNotGrantable")
    issued = operator.do(
        "issueApiKey",
        "... on IssuedApiKey { secret apiKey { id keyId scopes } }",
        **wish,
        scopes=SHOP_SCOPES,
    )
    said = f"{issued['apiKey']['keyId']}: {', '.join(issued['apiKey']['scopes'])}"
    stage.does(operator, "issues a key for the partner's server", issued, "IssuedApiKey", said)
    cast.partner = cast.client(f"Fjord & Fika {cast.run}", issued["secret"])
    me = cast.partner.ask("{ partner { id name status contract { commissionBp } } }")["partner"]
    stage.equal(cast.partner, "reads who it is", me["id"], cast.partner_id)
    stage.turned_away(
        cast.partner, "issues itself another key", cast.partner.attempt("issueApiKey", name="more"), "FORBIDDEN"
    )
    stranger = cast.client("Old key", issued["secret"][:-4] + "0000")
    stage.turned_away(
        stranger, "comes with a mistyped secret", stranger.answer("{ partner { id } }"), "UNAUTHENTICATED"
    )
