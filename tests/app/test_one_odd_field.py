"""Every write with sound input but for one field: what is odd there is refused by name, never a bug of ours."""

from collections.abc import Iterator
from copy import deepcopy
from datetime import timedelta
from itertools import count
from typing import Any, cast
from uuid import uuid4

import pytest

from marketplace.catalog.models import OfferKind
from marketplace.kit import clock, ids
from marketplace.members.models import Member, Program
from marketplace.partners.models import Partner
from tests import builders
from tests.books import violations
from tests.client import Caller, as_member, as_operator, as_partner, as_program, new_key
from tests.redemptions.world import a_shopper

pytestmark = pytest.mark.usefixtures("db")

LONG = "x" * 5000
WORDS = ["", LONG, "\U0001f9e8" * 400, "a\u202eb\n{0}%s{reason}"]
ODD: dict[str, list[Any]] = {
    "text": WORDS,
    "whole": [0, -1, 2**31 - 1],
    "points": [0, -1, 2**53 - 1],
    "decimal": ["NaN", "-Infinity", "1e100", "1e-100", "0", "-0.01", "9007199254740993", "1e25", "1e-20"],
    "moment": ["0001-01-01T00:00:00+14:00", "0001-01-01T00:00:00Z", "9999-12-31T23:59:59-12:00",
               "1900-01-01T00:00:00Z", "2026-01-01T00:00:00", "2026-01-01"],
    "day": ["0001-01-01", "9999-12-31", "2024-02-29"],
    "code": ["", "XX", "€€€", LONG],
    "id": ["", "member_" + "f" * 32, LONG],
}  # fmt: skip
KINDS = {
    "points": "points", "expectedPoints": "points", "minPoints": "points", "maxPoints": "points",
    "amount": "decimal", "pointValue": "decimal", "value": "decimal",
    "effectiveAt": "moment", "expiresAt": "moment",
    "validFrom": "day", "validUntil": "day", "until": "day",
    "country": "code", "currency": "code", "homeCurrency": "code",
}  # fmt: skip


def kind_of(name: str, value: Any) -> str:
    if name in KINDS:
        return KINDS[name]
    if isinstance(value, int):
        return "whole"
    return "id" if isinstance(value, str) and ids.split(value) else "text"


def odd_inputs(sound: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """The sound input with one leaf after the other made odd; lists also emptied, doubled and made long."""

    def walk(value: Any, path: tuple[Any, ...]) -> Iterator[tuple[tuple[Any, ...], Any]]:
        if isinstance(value, dict):
            for name, inner in cast(dict[str, Any], value).items():
                yield from walk(inner, (*path, name))
        elif isinstance(value, list):
            yield path, []
            several = cast(list[Any], value)
            yield path, several * 2
            yield path, several * 300
            yield from walk(several[0], (*path, 0))
        else:
            name = next(part for part in reversed(path) if isinstance(part, str))
            for odd in ODD[kind_of(name, value)]:
                yield path, odd

    for path, odd in walk(sound, ()):
        changed = deepcopy(sound)
        place: Any = changed
        for part in path[:-1]:
            place = place[part]
        place[path[-1]] = odd
        yield changed


_nth = count(1)


def told_apart(value: Any, n: int) -> Any:
    """The input with each `#` as a number of its own, so that no repeat hides what comes after it."""
    if isinstance(value, dict):
        return {name: told_apart(inner, n) for name, inner in cast(dict[str, Any], value).items()}
    if isinstance(value, list):
        return [told_apart(inner, n) for inner in cast(list[Any], value)]
    if value == "#day":
        return (clock.today() + timedelta(days=n)).isoformat()
    return value.replace("#", str(n)) if isinstance(value, str) else value


EURO = {"amount": "10.00", "currency": "EUR"}
NOBODY = "0" * 32
ADDRESS = {
    "name": "Ada", "line1": "Damrak 1", "line2": "x", "city": "Amsterdam", "region": "NH",
    "postalCode": "1012 LG", "country": "NL",
}  # fmt: skip
Write = tuple[Caller, str, dict[str, Any]]


def public(prefix: str, row: Any) -> str:
    return ids.public(prefix, row.id)


async def writes() -> list[Write]:
    """Who asks, for what, with sound input."""
    shopper = await a_shopper(points=100_000)
    program, other, partner = shopper.program, await builders.a_member(shopper.program), await builders.a_partner()
    return [
        *by_the_program(as_program(program.id), other),
        *await by_operators(as_operator(uuid4(), "admin"), program, partner),
        *by_the_partner(as_partner(partner.id)),
        *await by_the_member(as_member(shopper.member.id, program.id), other),
    ]


def by_the_program(server: Caller, other: Member) -> list[Write]:
    return [
        (server, "enrolMember", {
            "reference": "r-#", "subject": "s-#", "country": "NL", "languages": ["en"], "tier": "gold",
            "name": "Ada", "email": "ada@example.org"}),
        (server, "changeMember", {
            "memberId": public("member", other), "country": "DE", "languages": ["de"], "tier": "gold"}),
        (server, "awardPoints", {
            "memberId": public("member", other), "reference": "a-1-#", "points": 5, "reason": "bought",
            "effectiveAt": "2026-01-01T00:00:00Z", "expiresAt": (clock.now() + timedelta(days=9)).isoformat()}),
        (server, "awardPoints", {
            "memberId": public("member", other), "reference": "a-2-#", "points": 5, "reason": "bought",
            "effectiveAt": "2026-01-01T00:00:00Z"}),
        (server, "topUpProgram", {"amount": EURO, "method": "BANK_TRANSFER", "reference": "t-1-#"}),
        (server, "topUpProgram", {
            "amount": EURO, "method": "STRIPE", "reference": "t-2-#", "paymentMethod": "pm_card_visa"}),
    ]  # fmt: skip


async def by_operators(admin: Caller, program: Program, partner: Partner) -> list[Write]:
    voucher = await builders.a_voucher()
    return [
        (admin, "createProgram", {
            "code": "NEW#", "name": "New", "pointName": "points", "homeCurrency": "EUR", "pointValue": "0.01",
            "timezone": "Europe/Oslo", "countries": ["NL"], "issuer": "https://issuer.example/#",
            "audience": "marketplace", "jwksUri": "https://issuer.example/keys",
            "tiers": [{"code": "gold", "name": "Gold", "discountBp": 900}],
            "cash": {"rateBp": 8000, "minPoints": 1, "maxPoints": 100, "countries": ["NL"]}}),
        (admin, "setPointValue", {"programId": public("program", program), "value": "0.02", "validFrom": "#day"}),
        (admin, "createPartner", {"name": "Puma #", "kind": "COMMERCIAL", "country": "DE"}),
        (admin, "createPartner", {
            "name": "Charity #", "kind": "CHARITY", "country": "DE", "registryId": "GB-CHC-#"}),
        (admin, "createBrand", {
            "partnerId": public("partner", partner), "name": "Shoes #", "countries": ["NL"],
            "website": "https://www.example.org", "wikidataId": "Q37158", "category": "dining"}),
        (admin, "agreeContract", {
            "partnerId": public("partner", partner), "validFrom": clock.today().isoformat(),
            "commissionBp": 800, "currency": "EUR",
            "timezone": "Europe/Oslo", "vatBp": 2100, "validUntil": "2030-01-01", "minimumPayout": EURO,
            "returnWindowDays": 14}),
        (admin, "approvePartner", {"partnerId": public("partner", partner)}),
        (admin, "suspendPartner", {"partnerId": public("partner", await builders.a_partner())}),
        (admin, "proposeAdjustment", {
            "partnerId": public("partner", partner), "amount": EURO, "reason": "A correction"}),
        (admin, "settle", {"until": (clock.today() - timedelta(days=2)).isoformat()}),
        (admin, "confirmTopUp", {"topUpId": f"topUp_{NOBODY}", "evidence": "camt.053"}),
        (admin, "issueApiKey", {
            "name": "key", "owner": public("partner", partner), "scopes": ["CATALOG_READ"],
            "expiresAt": (clock.now() + timedelta(days=9)).isoformat()}),
        (admin, "publishOffer", {"offerId": ids.public("offer", voucher.offer_id)}),
        (admin, "refundRedemption", {"redemptionId": f"redemption_{NOBODY}", "reason": "broken"}),
        (admin, "cancelPledge", {"pledgeId": f"pledge_{NOBODY}", "reason": "mistake"}),
    ]  # fmt: skip


def by_the_partner(staff: Caller) -> list[Write]:
    return [
        (staff, "createPayoutOnboardingLink", {
            "country": "NL", "returnUrl": "https://example.org/a", "refreshUrl": "https://example.org/b"}),
        (staff, "shipRedemption", {"redemptionId": f"redemption_{NOBODY}", "carrier": "PostNL", "tracking": "3S"}),
        (staff, "refuseCredit", {"redemptionId": f"redemption_{NOBODY}", "reason": "no such number"}),
    ]  # fmt: skip


async def by_the_member(phone: Caller, other: Member) -> list[Write]:
    charity = await builders.a_charity()
    voucher = await builders.a_voucher([f"CODE-{n}" for n in range(60)])
    stars = await builders.an_item(await builders.an_offer(OfferKind.BRAND_CURRENCY), units=100)
    parcel = await builders.an_item(await builders.an_offer(OfferKind.MERCHANDISE), stock=100)
    gift = await builders.an_item(
        await builders.an_offer(OfferKind.DONATION), price_minor=100, max_price_minor=10_000, step_minor=100
    )
    return [
        (phone, "redeemOffer", {"itemId": public("item", voucher), "expectedPoints": 1000}),
        (phone, "redeemOffer", {
            "itemId": public("item", stars), "expectedPoints": 2000, "lots": 2, "membershipNumber": "12345"}),
        (phone, "redeemOffer", {"itemId": public("item", parcel), "expectedPoints": 1000, "address": ADDRESS}),
        (phone, "redeemOffer", {
            "itemId": public("item", gift), "expectedPoints": 1000, "amount": EURO, "message": "for you"}),
        (phone, "redeemForCash", {"points": 500, "expectedAmount": {"amount": "4.00", "currency": "EUR"}}),
        (phone, "donatePoints", {"charityId": public("partner", charity), "points": 10, "message": "good luck"}),
        (phone, "givePoints", {"points": 10, "recipientReference": other.reference, "message": "for you"}),
        (phone, "claimGift", {"gift": {"token": "0" * 32}}),
    ]  # fmt: skip


async def test_every_write_bears_one_odd_field() -> None:
    bugs: list[str] = []
    for caller, name, sound in await writes():
        kind = name[0].upper() + name[1:]
        text = f"mutation($input: {kind}Input!) {{ {name}(input: $input) {{ __typename }} }}"
        for changed in odd_inputs(sound):
            answer = await caller.ask(text, input=told_apart(changed, next(_nth)) | {"idempotencyKey": new_key()})
            codes = {error["extensions"]["code"] for error in answer.get("errors", [])}
            if "INTERNAL" in codes:
                odd = {key: value for key, value in changed.items() if value != sound.get(key)}
                bugs.append(f"{name} {str(odd)[:120]}")
        sane = await caller.ask(text, input=told_apart(sound, next(_nth)) | {"idempotencyKey": new_key()})
        assert "errors" not in sane, (name, sane["errors"])
    assert not bugs, "\n".join(bugs)
    assert await violations() == []
