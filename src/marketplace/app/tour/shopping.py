"""What members do again and again: look at a price, redeem, look into the wallet."""

from typing import Any, NamedTuple

from marketplace.app.tour.cast import Cast, Member
from marketplace.app.tour.client import Client, Json

ARRIVES = """id kind state points closedReason fulfilment { __typename
  ... on VoucherFulfilment { hasCode revealedAt }
  ... on CreditFulfilment { creditState membershipNumber lots units refusedReason }
  ... on ShipmentFulfilment { shipmentState carrier tracking address { city country } }
  ... on BookingFulfilment { ticket startsAt cancelUntil }
  ... on DonationFulfilment { acknowledgementNumber
    pledge { state amount { amount currency } acknowledgement } } }"""
_REFUSALS = """... on InvalidMembershipNumber { problem } ... on InvalidAddress { problems { path message } }
  ... on PriceChanged { seen now } ... on InsufficientPoints { required available missing }
  ... on NotAvailable { reason opensAt }"""
REDEMPTION = f"... on Redemption {{ {ARRIVES} }}"
ORDERED = f"{REDEMPTION} {_REFUSALS}"
_PRICE = """query Price($id: ID!) { node(id: $id) { ... on Item {
  pointsPrice { points listPoints discountBp tier price { amount currency } worth { amount currency }
                worthPerThousand { amount currency } pointValue { value currency }
                exchange { base quote rate source } }
  whyNot { code message pointsToGo opensAt } unitsLeft } } }"""
ADDRESSES: dict[str, Json] = {
    "SE": {
        "name": "Astrid Lind", "line1": "Storgatan 1", "postalCode": "111 22", "city": "Stockholm",
        "country": "SE",
    },
    "MY": {
        "name": "Aisyah binti Ali", "line1": "Jalan Ampang 8", "postalCode": "50450", "city": "Kuala Lumpur",
        "country": "MY",
    },
}  # fmt: skip


def seen(phone: Client, item_id: str) -> Json:
    """The item as this member sees it: passport, why not, units left."""
    return phone.ask(_PRICE, id=item_id)["node"]


def points_of(cast: Cast, member: Member, item: str) -> int:
    """What an item of the tour costs this member."""
    return int(seen(member.phone, cast.items[item]["id"])["pointsPrice"]["points"])


def redeem(cast: Cast, member: Member, item: str, **more: Any) -> Json:
    """Redeem an item of the tour at the price that is shown, unless `expectedPoints` says otherwise."""
    if "expectedPoints" not in more:
        more["expectedPoints"] = points_of(cast, member, item) * int(more.get("lots") or 1)
    return member.phone.do("redeemOffer", ORDERED, itemId=cast.items[item]["id"], **more)


_STORY = "query Story($id: ID!) { redemption(id: $id) { events { change text } } }"


def story(reader: Client, redemption_id: str) -> list[Json]:
    """What became of a redemption, step by step, in the reader's words."""
    return reader.ask(_STORY, id=redemption_id)["redemption"]["events"]


def changes(reader: Client, redemption_id: str) -> list[str]:
    """The kinds of those steps."""
    return [each["change"] for each in story(reader, redemption_id)]


class Wallet(NamedTuple):
    """Points available and held."""

    available: int
    held: int

    def __str__(self) -> str:
        return f"{self.available:,} available, {self.held:,} held"


def wallet(member: Member) -> Wallet:
    """What is in the member's wallet."""
    found = member.phone.ask("{ me { wallet { available held } } }")["me"]["wallet"]
    return Wallet(int(found["available"]), int(found["held"]))
