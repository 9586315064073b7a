"""An event as a program tells it, and what makes it sound. Pure decisions."""

import hashlib
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import orjson

from marketplace.earning.words import BY_THE_CLOCK, PURCHASES, EventType
from marketplace.kit.money import Money
from marketplace.kit.refusals import Problem
from marketplace.members.rules import LONGEST_REFERENCE, problems_of_texts

MOST_MINOR = 10**15
MOST_ATTRIBUTES = 20
MOST_ITEMS = 100
OLDEST = timedelta(days=731)


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """One line of a purchase."""

    sku: str
    quantity: int = 1
    amount_minor: int | None = None
    category: str = ""

    def written(self) -> dict[str, Any]:
        """As JSON."""
        return asdict(self)


@dataclass(frozen=True, slots=True, kw_only=True)
class Consent:
    """What the member agreed to, in which version of the words, and when."""

    purpose: str
    version: str
    given_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """Something a person did. Named by the member's id, or by the program's own reference of them."""

    type: EventType
    reference: str
    custom_name: str = ""
    member_id: UUID | None = None
    member_reference: str = ""
    effective_at: datetime | None = None
    amount: Money | None = None
    channel: str = ""
    location: str = ""
    attributes: tuple[tuple[str, str], ...] = ()
    items: tuple[Item, ...] = ()
    consent: Consent | None = None
    referral_code: str | None = None

    def fingerprint(self) -> str:
        """SHA-256 over every fact."""
        facts = asdict(self) | {"attributes": sorted(self.attributes)}
        return hashlib.sha256(orjson.dumps(facts, default=str, option=orjson.OPT_SORT_KEYS)).hexdigest()


def problems(told: Told, moment: datetime) -> list[Problem]:
    """Everything that is wrong with an event."""
    found = list(problems_of_texts(_texts(told)))
    found += _of_who_and_when(told, moment)
    found += _of_amounts(told)
    found += _of_consent(told, moment)
    return found


def _texts(told: Told) -> Iterator[tuple[str, str, int, int]]:
    yield "reference", told.reference, 1, 200
    yield "channel", told.channel, 0, 60
    yield "location", told.location, 0, 120
    yield "customName", told.custom_name, 1 if told.type is EventType.CUSTOM else 0, 60
    if told.member_id is None:
        yield "member.reference", told.member_reference, 1, LONGEST_REFERENCE
    for index, (name, value) in enumerate(told.attributes[:MOST_ATTRIBUTES]):
        yield f"attributes.{index}.name", name, 1, 40
        yield f"attributes.{index}.value", value, 0, 200
    for index, item in enumerate(told.items[:MOST_ITEMS]):
        yield f"items.{index}.sku", item.sku, 1, 80
        yield f"items.{index}.category", item.category, 0, 80


def _of_who_and_when(told: Told, moment: datetime) -> Iterator[Problem]:
    if told.type in BY_THE_CLOCK:
        yield Problem("type", "The clock tells such events itself.")
    if told.custom_name and told.type is not EventType.CUSTOM:
        yield Problem("customName", "Only an event of the type CUSTOM has a name of its own.")
    if told.effective_at is not None and told.effective_at > moment:
        yield Problem("effectiveAt", "Events cannot have happened in the future.")
    if told.effective_at is not None and told.effective_at < moment - OLDEST:
        yield Problem("effectiveAt", "Tell events within two years.")
    if told.referral_code is not None and told.type is not EventType.REFERRAL:
        yield Problem("referralCode", "Only an event of the type REFERRAL has a referral code.")


def _of_amounts(told: Told) -> Iterator[Problem]:
    if told.amount is not None and not 0 <= told.amount.minor <= MOST_MINOR:
        yield Problem("amount", "Give no less than nothing; tell what went back by reverseEvent.")
    if told.amount is None and told.type in PURCHASES - {EventType.TILL_SCAN}:
        yield Problem("amount", "Say what was paid.")
    if len(told.attributes) > MOST_ATTRIBUTES:
        yield Problem("attributes", "Give at most {most}.", {"most": MOST_ATTRIBUTES})
    if len({name for name, _ in told.attributes}) != len(told.attributes):
        yield Problem("attributes", "Give each name once.")
    if len(told.items) > MOST_ITEMS:
        yield Problem("items", "Give at most {most}.", {"most": MOST_ITEMS})
    for index, item in enumerate(told.items[:MOST_ITEMS]):
        if not 1 <= item.quantity <= 1_000_000:
            yield Problem(f"items.{index}.quantity", "Give 1 to {most}.", {"most": 1_000_000})


def _of_consent(told: Told, moment: datetime) -> Iterator[Problem]:
    volunteered = told.type is EventType.SURVEY and bool(told.attributes)
    if told.consent is None and (told.type is EventType.OPT_IN or volunteered):
        yield Problem("consent", "Say what the member agreed to: this needs a consent that was given.")
    if told.consent is not None:
        yield from problems_of_texts(
            [("consent.purpose", told.consent.purpose, 1, 200), ("consent.version", told.consent.version, 1, 60)]
        )
        if told.consent.given_at > moment:
            yield Problem("consent.givenAt", "Consent cannot have been given in the future.")
