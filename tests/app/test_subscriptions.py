"""Being told: what is committed reaches the sockets and streams of whom it concerns, and of nobody else."""

import asyncio
import json
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, suppress
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from psycopg import AsyncConnection

from marketplace.access import steps
from marketplace.access.models import ApiKey, KeyOwner
from marketplace.access.rules import grantable
from marketplace.app import worker
from marketplace.app.announcer import announce_once
from marketplace.catalog.models import Drop, OfferKind
from marketplace.catalog.steps import tell_of_drop
from marketplace.kit import clock, database, ids
from marketplace.kit.changes import hub
from marketplace.kit.ids import new_id
from marketplace.members.models import Member
from tests.app.application import make_app, member_token, owner_token
from tests.app.sockets import Socket, connected
from tests.builders import an_item, an_offer
from tests.client import as_operator
from tests.redemptions.world import Shopper, a_shopper, give_points, partner_of

pytestmark = pytest.mark.usefixtures("db")
MINE = {"query": "subscription { redemptionUpdated { id state points } }"}
WALLET = {"query": "subscription { walletChanged { available held } }"}


@pytest.fixture
async def told(database_url: str) -> AsyncGenerator[Any]:
    """This process hears what is announced; call it to announce what is committed."""
    listening = asyncio.create_task(hub.listen(database_url))
    hub.heard_at = None
    async with await AsyncConnection.connect(worker.conninfo(database_url), autocommit=True) as connection:
        while hub.heard_at is None:  # noqa: ASYNC110
            await asyncio.sleep(0.01)

        async def tell() -> int:
            return await announce_once(connection)

        yield tell
    listening.cancel()
    with suppress(asyncio.CancelledError):
        await listening


async def token_of(shopper: Shopper, var_dir: Path, **claims: Any) -> str:
    """The token that the development issuer gives to a shopper."""
    issuer = f"urn:rewards-marketplace:dev-issuer:{shopper.program.code}"
    shopper.program.issuer = issuer
    await shopper.program.save(update_fields=["issuer"])
    return member_token(var_dir, shopper.program.code, shopper.member.subject or "", **claims)


@asynccontextmanager
async def phone(shopper: Shopper, tmp_path: Path, **claims: Any) -> AsyncGenerator[Socket]:
    """The shopper's socket."""
    app = make_app(tmp_path)
    async with connected(app, await token_of(shopper, tmp_path, **claims)) as socket:
        yield socket


async def follow(socket: Socket, id: str, asked: dict[str, Any]) -> None:
    await socket.say("subscribe", id=id, payload=asked)


async def heard(socket: Socket) -> Any:
    message = await socket.hear()
    assert message["type"] == "next", message
    assert "errors" not in message["payload"], message
    return message["payload"]["data"]


async def test_a_member_is_told_each_step_and_the_wallet(told: Any, tmp_path: Path) -> None:
    shopper = await a_shopper()
    stars = await an_item(await an_offer(OfferKind.BRAND_CURRENCY, number_pattern=r"\d{6}"), units=100)
    async with phone(shopper, tmp_path) as socket:
        await follow(socket, "wallet", WALLET)
        assert await heard(socket) == {"walletChanged": {"available": 3000, "held": 0}}
        await follow(socket, "mine", MINE)

        taken = await shopper.redeem(stars, membershipNumber="123456", lots=1)
        await told()
        first = [await heard(socket), await heard(socket)]
        assert {"redemptionUpdated": {"id": taken["id"], "state": "PENDING", "points": 1000}} in first
        assert {"walletChanged": {"available": 2000, "held": 1000}} in first

        await (await partner_of(stars)).do("confirmCredit", "... on Redemption { id }", redemptionId=taken["id"])
        await told()
        second = [await heard(socket), await heard(socket)]
        assert {"redemptionUpdated": {"id": taken["id"], "state": "FULFILLED", "points": 1000}} in second
        assert {"walletChanged": {"available": 2000, "held": 0}} in second
        assert await told() == 0
        assert socket.is_silent()


async def test_who_waits_is_told_of_their_turn_and_of_a_drop_that_opens(told: Any, tmp_path: Path) -> None:
    shopper = await a_shopper()
    voucher = await an_item(await an_offer(), codes=["ONE-1"])
    taken = await (await a_shopper(shopper.program)).redeem(voucher)
    item = ids.public("item", voucher.id)
    drop = await Drop.create(
        offer_id=voucher.offer_id, opens_at=clock.now(), ends_at=clock.now() + timedelta(hours=1)
    )
    turn = {"query": "subscription { waitingPlaceChanged { state position reservation { state } } }"}
    async with phone(shopper, tmp_path) as socket:
        await shopper.phone.do("waitForItem", "", itemId=item)
        await told()
        await follow(socket, "turn", turn)
        waiting = {"state": "WAITING", "position": 1, "reservation": None}
        assert await heard(socket) == {"waitingPlaceChanged": waiting}
        await follow(socket, "drop", {"query": "subscription { dropOpensSoon { id } }"})
        while hub.following < 2:  # noqa: ASYNC110
            await asyncio.sleep(0.01)
        support = as_operator(new_id(), "support")
        await support.do("refundRedemption", "", redemptionId=taken["id"], reason="A mistake.")
        async with database.transaction():
            await tell_of_drop(drop.id, [shopper.member.id])
        await told()
        offered = {"state": "OFFERED", "position": None, "reservation": {"state": "OPEN"}}
        news = [await heard(socket), await heard(socket)]
        assert {"waitingPlaceChanged": offered} in news
        assert {"dropOpensSoon": {"id": ids.public("drop", drop.id)}} in news
        assert socket.is_silent()


async def test_nobody_is_told_of_what_is_not_theirs(told: Any, tmp_path: Path) -> None:
    ada = await a_shopper()
    bob = await a_shopper(ada.program)
    item = await an_item(await an_offer(), codes=["ONE-1"])
    bobs = await bob.redeem(item)
    async with phone(ada, tmp_path) as socket:
        await follow(socket, "mine", MINE)
        asked = {"query": "subscription($id: ID) { redemptionUpdated(id: $id) { id } }"}
        for id in (bobs["id"], ids.public("redemption", ada.member.id), "nonsense"):
            await follow(socket, "one", asked | {"variables": {"id": id}})
            assert await heard(socket) == {"redemptionUpdated": None}
            assert (await socket.hear())["type"] == "complete"
        other = {"query": "subscription($id: ID) { walletChanged(memberId: $id) { available } }"}
        await follow(socket, "wallet", other | {"variables": {"id": ids.public("member", bob.member.id)}})
        assert await heard(socket) == {"walletChanged": None}
        assert (await socket.hear())["type"] == "complete"

        await told()
        await asyncio.sleep(0.1)
        assert socket.is_silent()


async def test_a_partner_is_told_what_to_fulfil_and_a_program_what_its_members_do(
    told: Any, tmp_path: Path
) -> None:
    shopper = await a_shopper()
    parcel = await an_item(await an_offer(OfferKind.BRAND_CURRENCY, number_pattern=r"\d{6}"), units=100)
    brand = await (await parcel.offer).brand
    app = make_app(tmp_path)
    partner = await owner_token(KeyOwner.PARTNER, brand.partner_id)
    program = await owner_token(KeyOwner.PROGRAM, shopper.program.id)
    async with connected(app, partner) as brands, connected(app, program) as programs:
        for socket in (brands, programs):
            await follow(socket, "all", MINE)
        await asyncio.sleep(0.05)
        taken = await shopper.redeem(parcel, membershipNumber="123456", lots=1)
        await told()
        for socket in (brands, programs):
            assert (await heard(socket))["redemptionUpdated"]["id"] == taken["id"]


async def test_after_a_break_what_changed_since_is_told_first(told: Any, tmp_path: Path) -> None:
    shopper = await a_shopper()
    item = await an_item(await an_offer(), codes=["ONE-1", "TWO-2"])
    with clock.travel(timedelta(hours=-2)):
        await shopper.redeem(item)
    taken = await shopper.redeem(item)
    since = (clock.now() - timedelta(minutes=1)).isoformat()
    asked = {"query": "subscription($since: DateTime) { redemptionUpdated(since: $since) { id } }"}
    async with phone(shopper, tmp_path) as socket:
        await follow(socket, "mine", asked | {"variables": {"since": since}})
        assert await heard(socket) == {"redemptionUpdated": {"id": taken["id"]}}
        await follow(socket, "old", asked | {"variables": {"since": "2020-01-01T00:00:00Z"}})
        assert (await socket.hear())["payload"][0]["extensions"]["code"] == "BAD_USER_INPUT"


async def test_a_lost_connection_to_the_database_is_made_good(
    told: Any, tmp_path: Path, opened_database: Any
) -> None:
    shopper = await a_shopper()
    async with phone(shopper, tmp_path) as socket:
        await follow(socket, "wallet", WALLET)
        await heard(socket)
        await follow(socket, "mine", MINE)
        await asyncio.sleep(0.05)
        await opened_database.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'marketplace changes'"
        )
        taken = await shopper.redeem(await an_item(await an_offer(), codes=["ONE-1"]))
        await told()  # to nobody: what was announced meanwhile is lost
        answers = [await heard(socket), await heard(socket)]
        assert {"walletChanged": {"available": 2000, "held": 0}} in answers
        assert {"redemptionUpdated": {"id": taken["id"], "state": "FULFILLED", "points": 1000}} in answers


async def test_a_revoked_key_and_an_expired_token_end_what_they_opened(told: Any, tmp_path: Path) -> None:
    shopper = await a_shopper()
    app = make_app(tmp_path)
    scopes = grantable(KeyOwner.PROGRAM)
    issued = await steps.create_key(KeyOwner.PROGRAM, shopper.program.id, name="a test", scopes=scopes)
    async with app.router.lifespan_context(app), connected(app, str(issued.text)) as socket:
        await follow(socket, "all", MINE)
        await ApiKey.filter(id=issued.row.id).update(revoked_at=clock.now())
        await told()
        assert await socket.closed() == 4403
    app = make_app(tmp_path)
    async with app.router.lifespan_context(app):
        token = await token_of(shopper, tmp_path, lifetime=timedelta(seconds=-28))
        async with connected(app, token) as socket:
            await follow(socket, "wallet", WALLET)
            await heard(socket)
            assert await socket.closed() == 4403


async def test_somebody_who_left_is_told_nothing_more(told: Any, tmp_path: Path) -> None:
    shopper = await a_shopper()
    async with phone(shopper, tmp_path) as socket:
        await follow(socket, "wallet", WALLET)
        await heard(socket)
        await Member.filter(id=shopper.member.id).update(status="ERASED")
        await give_points(shopper.member, shopper.program, 5)
        await told()
        assert await socket.closed() == 4403


async def test_what_is_rolled_back_is_never_told(told: Any) -> None:
    shopper = await a_shopper()
    await told()
    with suppress(ZeroDivisionError):
        async with database.transaction():
            await give_points(shopper.member, shopper.program, 5)
            raise ZeroDivisionError
    assert await told() == 0


async def test_an_event_stream_tells_the_same(told: Any, tmp_path: Path) -> None:
    shopper = await a_shopper()
    app, token = make_app(tmp_path), await token_of(shopper, tmp_path)
    async with streamed(app, token, WALLET) as stream:
        assert (stream.status, stream.headers["content-type"]) == (200, "text/event-stream; charset=utf-8")
        assert (await stream.event())[1]["data"] == {"walletChanged": {"available": 3000, "held": 0}}
        await give_points(shopper.member, shopper.program, 5)
        await told()
        assert (await stream.event())[1]["data"] == {"walletChanged": {"available": 3005, "held": 0}}
    async with streamed(app, token, {"query": "{ me { wallet { available } } }"}) as stream:
        assert (await stream.event())[1]["data"] == {"me": {"wallet": {"available": 3005}}}
        assert await stream.event() == ("complete", None)
    async with streamed(app, None, WALLET) as stream:
        assert (await stream.event())[1]["errors"][0]["extensions"]["code"] == "UNAUTHENTICATED"
        assert await stream.event() == ("complete", None)
    assert hub.following == 0


class Stream:
    """An event stream over ASGI."""

    def __init__(self, app: Any, token: str | None, asked: dict[str, Any]) -> None:
        headers = [(b"accept", b"text/event-stream"), (b"content-type", b"application/json")]
        headers += [(b"authorization", f"Bearer {token}".encode())] if token else []
        scope = {
            "type": "http", "asgi": {"version": "3.0", "spec_version": "2.3"}, "http_version": "1.1",
            "method": "POST", "scheme": "http", "path": "/graphql", "raw_path": b"/graphql", "root_path": "",
            "query_string": b"", "client": ("203.0.113.7", 5000), "server": ("api.test", 80),
            "headers": headers, "state": {},
        }  # fmt: skip
        self._in: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        self._out: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        self._text = ""
        self._in.put_nowait({"type": "http.request", "body": json.dumps(asked).encode()})
        self.task = asyncio.create_task(app(scope, self._in.get, self._out.put))

    async def started(self) -> None:
        event = await self._out.get()
        self.status = event["status"]
        self.headers = {name.decode(): value.decode() for name, value in event["headers"]}

    async def event(self) -> tuple[str, Any]:
        """The next event: its name, and its data."""
        async with asyncio.timeout(5):
            while True:
                text, found, rest = self._text.partition("\n\n")
                if not found:
                    self._text += (await self._out.get())["body"].decode()
                    continue
                self._text = rest
                fields = dict(line.split(":", 1) for line in text.splitlines())
                if "event" in fields:
                    data = fields["data"].strip()
                    return fields["event"].strip(), json.loads(data) if data else None

    async def hang_up(self) -> None:
        await self._in.put({"type": "http.disconnect"})
        async with asyncio.timeout(5):
            await self.task


@asynccontextmanager
async def streamed(app: Any, token: str | None, asked: dict[str, Any]) -> AsyncGenerator[Stream]:
    stream = Stream(app, token, asked)
    await stream.started()
    yield stream
    await stream.hang_up()
