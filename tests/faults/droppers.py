"""Thousands of members who want the same thing at the same instant, each with one key, asked until answered."""

import asyncio
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from random import Random
from typing import Any

import orjson

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
CONNECTIONS = 256
"""To each server."""
Wire = tuple[asyncio.StreamReader, asyncio.StreamWriter]
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


class Wires:
    """Connections to one server, each used by one member at a time. Streams alone: thousands are asking."""

    def __init__(self, port: int, most: int) -> None:
        self._port = port
        self._free: asyncio.Queue[Wire | None] = asyncio.Queue()
        for _ in range(most):
            self._free.put_nowait(None)

    async def ask(self, token: str, body: bytes) -> Any:
        """The result of the mutation, or None for no answer that counts."""
        wire = await self._free.get()
        try:
            if wire is None:
                wire = await asyncio.open_connection("127.0.0.1", self._port)
            async with asyncio.timeout(30):
                status, said = await _exchange(wire, token, body)
        except (OSError, EOFError, TimeoutError, ValueError):
            if wire is not None:
                wire[1].close()
            wire = None
            return None
        finally:
            self._free.put_nowait(wire)
        return None if status >= 500 or said.get("errors") else said["data"]["redeemOffer"]

    async def close(self) -> None:
        """Hang up."""
        while not self._free.empty():
            wire = self._free.get_nowait()
            if wire is not None:
                wire[1].close()
                with suppress(OSError):
                    await wire[1].wait_closed()


async def _exchange(wire: Wire, token: str, body: bytes) -> tuple[int, Any]:
    reader, writer = wire
    head = f"POST /graphql HTTP/1.1\r\nHost: drop\r\nAuthorization: Bearer {token}\r\n"
    writer.write(f"{head}Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n".encode() + body)
    told = (await reader.readuntil(b"\r\n\r\n")).decode().lower().split("\r\n")
    length = next(int(line.split(":")[1]) for line in told if line.startswith("content-length:"))
    return int(told[0].split()[1]), orjson.loads(await reader.readexactly(length))


async def rush(ports: list[int], crowd: Crowd, opens_at: datetime, *, again: bool = False) -> Answers:
    """Everybody asks at the instant; whoever is not answered asks the other server. Winners may ask again."""
    answers = Answers()
    wires = [Wires(port, CONNECTIONS) for port in ports]
    await asyncio.gather(*(_one(wires, crowd, number, opens_at, answers) for number in range(len(crowd.tokens))))
    if again:
        winners, repeated = list(answers.won), Answers(won=answers.won)
        await asyncio.gather(*(_one(wires, crowd, number, opens_at, repeated) for number in winners))
    for each in wires:
        await each.close()
    return answers


async def _one(wires: list[Wires], crowd: Crowd, number: int, opens_at: datetime, answers: Answers) -> None:
    given = {"idempotencyKey": f"drop-{number}", "itemId": ids.public("item", crowd.item.id)}
    body = orjson.dumps({"query": REDEEM, "variables": {"input": given | {"expectedPoints": 1000}}})
    random = Random(number)
    await asyncio.sleep(max(0.0, (opens_at - clock.now()).total_seconds()))
    for attempt in range(2_000):
        answer = await wires[(number + attempt) % len(wires)].ask(crowd.tokens[number], body)
        if answer is not None and answer["__typename"] != "InProgress":
            answers.kinds[answer["__typename"]] += 1
            answers.seconds.append((clock.now() - opens_at).total_seconds())
            if answer["__typename"] == "Redemption":
                answers.won.setdefault(number, set()).add(answer["id"])
            return
        answers.retries += 1
        await asyncio.sleep(random.uniform(0.05, 0.4))
    raise AssertionError("not answered")
