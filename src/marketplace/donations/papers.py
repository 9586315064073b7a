"""A receipt of a donation on paper: PDF, in the reader's language and number formats."""

from collections.abc import Sequence
from importlib.resources import files
from typing import Any, Final

from marketplace.donations.models import DonationReceipt, Pledge
from marketplace.kit import papers
from marketplace.kit.actor import Actor
from marketplace.kit.messages import noted
from marketplace.kit.papers import Reader
from marketplace.kit.settings import settings
from marketplace.members.models import Member
from marketplace.members.queries import personal_data
from marketplace.partners.models import Partner

_TEMPLATE: Final = files("marketplace.donations").joinpath("receipt.typ")
_WORDS: Final = {"giver": noted("From"), "charity": noted("To"), "message": noted("The giver's words")}


def pdf(said: dict[str, Any]) -> bytes:
    """The page of what `data_of` answers. It takes a processor for a moment: call it beside the event loop."""
    return papers.pdf(_TEMPLATE.read_bytes(), said)


def pictures(said: dict[str, Any]) -> list[bytes]:
    """The same page as PNG, for whoever looks at it."""
    return papers.pictures(_TEMPLATE.read_bytes(), said)


async def data_of(receipt: DonationReceipt, actor: Actor, languages: Sequence[str]) -> dict[str, Any]:
    """All that stands on a receipt, in the reader's language, or the giver's own.

    The giver is named to those who may know the name: the giver, and the program.
    """
    pledge = await Pledge.get(id=receipt.pledge_id)
    member, charity = await Member.get(id=pledge.member_id), await Partner.get(id=pledge.charity_id)
    named = (await personal_data(actor, [member.id])).get(member.id)
    reader = Reader(languages or member.languages)
    amount = f"{reader.amount(receipt.amount_minor, receipt.currency)}\u00a0{receipt.currency}"
    return {
        "lang": reader.lang,
        "title": f"{reader.say('Donation receipt')} {receipt.number}",
        "heading": reader.say("Donation receipt"),
        "number": receipt.number,
        "issuer": {"name": settings().issuer_name, "vat": settings().issuer_vat_number},
        "words": {name: reader.say(text) for name, text in _WORDS.items()},
        "giver": papers.narrow(named.name) if named else "",
        "charity": {
            "name": papers.narrow(charity.name),
            "country": reader.country(charity.country),
            "registry": charity.registry_id or "",
        },
        "amount": amount,
        "said": reader.say(
            "{amount} have reached the bank of {charity} on {day}. Thank you for giving.",
            amount=amount,
            charity=papers.narrow(charity.name),
            day=reader.day(receipt.issued_at.date()),
        ),
        "void": _void(reader, receipt),
        "facts": _facts(reader, pledge),
        "message": papers.narrow(pledge.message),
    }


def _void(reader: Reader, receipt: DonationReceipt) -> str:
    if receipt.voided_at is None:
        return ""
    day = reader.day(receipt.voided_at.date())
    return reader.say("This receipt does not count: the bank took the money back on {day}.", day=day)


def _facts(reader: Reader, pledge: Pledge) -> list[list[str]]:
    return [
        [reader.say("Donation"), pledge.number],
        [reader.say("Given"), reader.day(pledge.pledged_at.date())],
        [reader.say("Points"), reader.whole(pledge.points)],
    ]
