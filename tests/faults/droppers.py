"""Thousands of members who want the same thing at the same instant, each with one key, asked until answered."""

import asyncio
from collections import Counter, deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from random import Random
from typing import cast

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
LOOK = """query($id: ID!) { me { wallet { available } } node(id: $id) { ... on Offer { whyNot { code } } } }"""
POINTS = 5_000
OTHERS = 400
CONNECTIONS = 256
"""To each server."""
WITHIN_S = 240.0
_MEMBERS = """
INSERT INTO member (id, program_id, reference, subject, country, languages, segments, status, enrolled_at)
SELECT id, $1, 'dropper-' || n, 'dropper-' || n, 'NL', '["en"]', '[]', 'ACTIVE', $3
FROM unnest($2::uuid[]) WITH ORDINALITY AS m (id, n)"""
_LOTS = """
INSERT INTO lot (id, member_id, origin_type, origin_id, points, remaining, earned_at)
SELECT gen_random_uuid(), id, 'award', $4, $2, $2, $3 FROM unnest($1::uuid[]) AS m (id)"""


@dataclass(frozen=True, slots=True)
class Crowd:
    """The program, what is dropped, and a token for each member."""

    program: Program
    item: Item
    other: Item
    tokens: list[str]


async def gather(issuer: DevIssuer, members: int, units: int) -> Crowd:
    """Members with points, and an offer with so many codes."""
    program = await builders.a_program(code="DROP", issuer=issuer.issuer("DROP"))
    await pay_in(program, 10**9)
    people, moment, origin = [new_id() for _ in range(members)], clock.now(), new_id()
    await database.execute(_MEMBERS, program.id, people, moment)
    await database.execute(_LOTS, people, POINTS, moment, origin)
    issued = accounts.program(program.id, Purpose.ISSUED, program.unit)
    wallets = [accounts.member(id, Purpose.WALLET, program.unit) for id in people]
    async with database.transaction():
        await open_accounts([issued, *wallets])
        entries = [Entry(issued, wallet, POINTS) for wallet in wallets]
        await post("points.earned", "award", origin, entries)
    item = await builders.a_voucher([f"DROP-{number:05}" for number in range(units)], max_per_member=1)
    other = await builders.a_voucher([f"SHELF-{number:05}" for number in range(OTHERS)])
    tokens = [issuer.mint("DROP", f"dropper-{number + 1}", audience=AUDIENCE) for number in range(members)]
    return Crowd(program, item, other, tokens)


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


class Rush:
    """Everybody in one queue, and connections to all servers that take the next one of it as they become free.

    As a balancer would: whoever is not answered, or by a server that fails, stands in the queue again a moment
    later. What is sent was made before the opening, and an answer is looked at no longer than it must be, so that
    the crowd takes little of the processors that the servers have.
    """

    def __init__(self, ports: Sequence[int], requests: Sequence[bytes], opens_at: datetime) -> None:
        self._ports = ports
        self._requests = requests
        self._opens_at = opens_at
        self._queue: deque[int] = deque()
        self._wires: set[Wire] = set()
        self._idle: list[Wire] = []
        self._missing = 0
        self._random = Random(7)
        self._loop = asyncio.get_running_loop()
        self._done = asyncio.Event()
        self._connecting: set[asyncio.Task[None]] = set()
        self.answers = Answers()

    async def run(self, numbers: Iterable[int]) -> None:
        """Let these members ask at the instant, until all are answered."""
        self._done.clear()
        await asyncio.gather(*(self._connect(port) for port in self._ports for _ in range(CONNECTIONS)))
        await asyncio.sleep(max(0.0, (self._opens_at - clock.now()).total_seconds()))
        self._queue.extend(numbers)
        self._missing = len(self._queue)
        while self._idle and self._queue:
            self._idle.pop().send()
        async with asyncio.timeout(WITHIN_S):
            await self._done.wait()
        for wire in self._wires:
            wire.close()

    async def _connect(self, port: int) -> None:
        while not self._done.is_set():
            try:
                await self._loop.create_connection(lambda: Wire(self, port), "127.0.0.1", port)
            except OSError:
                await asyncio.sleep(self._random.uniform(0.05, 0.2))
            else:
                return

    def next(self) -> tuple[int, bytes] | None:
        """Who asks next, and what."""
        if not self._queue:
            return None
        number = self._queue.popleft()
        return number, self._requests[number]

    def made(self, wire: "Wire") -> None:
        """A connection is there."""
        self._wires.add(wire)

    def rest(self, wire: "Wire") -> None:
        """Nobody is left for this one; somebody may come back."""
        self._idle.append(wire)

    def answered(self, number: int, status: bytes, body: bytes) -> None:
        """Note what a member was told, or let them ask again when it does not count."""
        result = None if status >= b"500" else orjson.loads(body).get("data")
        told = result and result.get("redeemOffer", {"__typename": "Look"})
        if not told or told["__typename"] == "InProgress":
            self._again(number)
            return
        answers = self.answers
        answers.kinds[told["__typename"]] += 1
        answers.seconds.append((clock.now() - self._opens_at).total_seconds())
        if told["__typename"] == "Redemption":
            answers.won.setdefault(number, set()).add(told["id"])
        self._missing -= 1
        if not self._missing:
            self._done.set()

    def lost(self, wire: "Wire", port: int, number: int | None) -> None:
        """A connection ended: whoever had it asks again, and it is made anew."""
        self._wires.discard(wire)
        if wire in self._idle:
            self._idle.remove(wire)
        if number is not None:
            self._again(number)
        if not self._done.is_set():
            task = self._loop.create_task(self._connect(port))
            self._connecting.add(task)
            task.add_done_callback(self._connecting.discard)

    def _again(self, number: int) -> None:
        self.answers.retries += 1
        self._loop.call_later(self._random.uniform(0.05, 0.4), self._queue_again, number)

    def _queue_again(self, number: int) -> None:
        self._queue.append(number)
        if self._idle:
            self._idle.pop().send()


class Wire(asyncio.Protocol):
    """A connection that one member after the other asks over."""

    def __init__(self, rush: Rush, port: int) -> None:
        self._rush = rush
        self._port = port
        self._number: int | None = None
        self._received = b""
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)
        self._rush.made(self)
        self.send()

    def send(self) -> None:
        """Let the next one ask."""
        asked = self._rush.next()
        if asked is None:
            self._rush.rest(self)
            return
        self._number, request = asked
        assert self._transport is not None
        self._transport.write(request)

    def data_received(self, data: bytes) -> None:
        self._received += data
        head, found, body = self._received.partition(b"\r\n\r\n")
        if not found or len(body) < _length(head):
            return
        number, self._number, self._received = self._number, None, b""
        assert number is not None
        self._rush.answered(number, head[9:12], body)
        self.send()

    def close(self) -> None:
        """Hang up."""
        if self._transport is not None:
            self._transport.close()

    def connection_lost(self, exc: Exception | None) -> None:
        self._rush.lost(self, self._port, self._number)


def _length(head: bytes) -> int:
    _, _, rest = head.lower().partition(b"content-length:")
    return int(rest.partition(b"\r\n")[0])


def requests_of(crowd: Crowd, item: Item, keys: str) -> list[bytes]:
    """How each member asks for an item, to the byte."""
    id = ids.public("item", item.id)
    given = [
        {"idempotencyKey": f"{keys}-{number}", "itemId": id, "expectedPoints": 1000}
        for number in range(len(crowd.tokens))
    ]
    return [_request(token, REDEEM, {"input": each}) for token, each in zip(crowd.tokens, given, strict=True)]


def _request(token: str, query: str, variables: dict[str, object]) -> bytes:
    body = orjson.dumps({"query": query, "variables": variables})
    head = f"POST /graphql HTTP/1.1\r\nHost: drop\r\nAuthorization: Bearer {token}\r\n"
    return f"{head}Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n".encode() + body


async def wait_for_it(ports: list[int], crowd: Crowd) -> None:
    """What goes on before any drop: everybody has the offer open, and some take something else meanwhile."""
    offer = ids.public("offer", crowd.item.offer_id)
    looks = [_request(token, LOOK, {"id": offer}) for token in crowd.tokens]
    others = requests_of(crowd, crowd.other, "other")[:OTHERS]
    for port in ports:
        await Rush([port], looks, clock.now()).run(range(len(looks)))
    await Rush(ports, others, clock.now()).run(range(len(others)))


async def rush(ports: list[int], crowd: Crowd, opens_at: datetime, *, again: bool = False) -> Answers:
    """Everybody asks at the instant, and is asked again until answered. Winners may ask once more."""
    requests = requests_of(crowd, crowd.item, "drop")
    first = Rush(ports, requests, opens_at)
    await first.run(range(len(requests)))
    if again:
        repeated = Rush(ports, requests, opens_at)
        repeated.answers.won = first.answers.won
        await repeated.run(list(first.answers.won))
    return first.answers
