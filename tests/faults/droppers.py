"""Thousands of members who want the same thing at the same instant, each with one key, asked until answered."""

import asyncio
from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime
from random import Random
from typing import Any

import httpx

from marketplace.access.dev_issuer import DevIssuer
from marketplace.catalog.models import Item
from marketplace.kit import clock, database, ids
from marketplace.kit.ids import new_id
from marketplace.ledger import accounts
from marketplace.ledger.models import Purpose
from marketplace.ledger.steps import Entry, open_accounts, post
from marketplace.members.models import Program
from tests import builders
from tests.app.application import AUDIENCE
from tests.redemptions.world import pay_in

REDEEM = """mutation($input: RedeemOfferInput!) { redeemOffer(input: $input) {
    __typename ... on Redemption { id } ... on UserError { code } ... on NotAvailable { reason } } }"""
POINTS = 5_000
_MEMBERS = """
INSERT INTO member (id, program_id, reference, subject, country, languages, segments, status, enrolled_at)
SELECT id, $1, 'dropper-' || n, 'dropper-' || n, 'NL', '["en"]', '[]', 'ACTIVE', $3
FROM unnest($2::uuid[]) WITH ORDINALITY AS m (id, n)"""
_LOTS = """
INSERT INTO lot (id, member_id, origin_type, origin_id, points, remaining, earned_at)
SELECT gen_random_uuid(), id, 'award', gen_random_uuid(), $2, $2, $3 FROM unnest($1::uuid[]) AS m (id)"""


@dataclass(frozen=True, slots=True)
class Crowd:
    """The program, what is dropped, and a token for each member."""

    program: Program
    item: Item
    tokens: list[str]


async def gather(issuer: DevIssuer, members: int, units: int) -> Crowd:
    """Members with points, and an offer with so many codes."""
    program = await builders.a_program(code="DROP", issuer=issuer.issuer("DROP"))
    await pay_in(program, 10**9)
    people, moment = [new_id() for _ in range(members)], clock.now()
    await database.execute(_MEMBERS, program.id, people, moment)
    await database.execute(_LOTS, people, POINTS, moment)
    issued = accounts.program(program.id, Purpose.ISSUED, program.unit)
    wallets = [accounts.member(id, Purpose.WALLET, program.unit) for id in people]
    async with database.transaction():
        await open_accounts([issued, *wallets])
        entries = [Entry(issued, wallet, POINTS) for wallet in wallets]
        await post("points.earned", "award", new_id(), entries)
    item = await builders.a_voucher([f"DROP-{number:05}" for number in range(units)], max_per_member=1)
    tokens = [issuer.mint("DROP", f"dropper-{number + 1}", audience=AUDIENCE) for number in range(members)]
    return Crowd(program, item, tokens)


@dataclass
class Answers:
    """What everybody was answered in the end, and how long after the opening."""

    kinds: Counter[str] = field(default_factory=Counter[str])
    won: dict[int, set[str]] = field(default_factory=dict[int, set[str]])
    seconds: list[float] = field(default_factory=list[float])
    retries: int = 0

    def percentile(self, share: float) -> float:
        """The time within which so many were answered."""
        return sorted(self.seconds)[min(int(len(self.seconds) * share), len(self.seconds) - 1)]


async def rush(urls: list[str], crowd: Crowd, opens_at: datetime, *, again: bool = False) -> Answers:
    """Everybody asks at the instant, some a little early; whoever is not answered asks the other server."""
    answers, item = Answers(), ids.public("item", crowd.item.id)
    limits = httpx.Limits(max_connections=400, max_keepalive_connections=400)
    async with httpx.AsyncClient(limits=limits, timeout=httpx.Timeout(30, pool=None)) as http:
        asking = [
            _one(http, urls, token, number, item, opens_at, answers) for number, token in enumerate(crowd.tokens)
        ]
        await asyncio.gather(*asking)
        if again:
            winners = [number for number, won in answers.won.items() if won]
            await asyncio.gather(*(_one(http, urls, crowd.tokens[n], n, item, opens_at, answers) for n in winners))
    return answers


async def _one(
    http: httpx.AsyncClient,
    urls: list[str],
    token: str,
    number: int,
    item: str,
    opens_at: datetime,
    answers: Answers,
) -> None:
    random = Random(number)
    await asyncio.sleep(max(0.0, (opens_at - clock.now()).total_seconds() + random.uniform(0, 0.2)))
    given = {"idempotencyKey": f"drop-{number}", "itemId": item, "expectedPoints": 1000}
    body = {"query": REDEEM, "variables": {"input": given}}
    for attempt in range(2_000):
        answer = await _asked(http, urls[(number + attempt) % len(urls)], token, body)
        if answer is not None and answer["__typename"] != "InProgress":
            answers.kinds[answer["__typename"]] += 1
            answers.seconds.append((clock.now() - opens_at).total_seconds())
            if answer["__typename"] == "Redemption":
                answers.won.setdefault(number, set()).add(answer["id"])
            return
        answers.retries += 1
        await asyncio.sleep(random.uniform(0.05, 0.4))
    raise AssertionError("not answered")


async def _asked(http: httpx.AsyncClient, url: str, token: str, body: dict[str, Any]) -> Any:
    """The result, or None for no answer that counts."""
    try:
        response = await http.post(f"{url}/graphql", json=body, headers={"Authorization": f"Bearer {token}"})
    except httpx.TransportError:
        return None
    if response.status_code >= 500:
        return None
    said = response.json()
    return None if said.get("errors") else said["data"]["redeemOffer"]
