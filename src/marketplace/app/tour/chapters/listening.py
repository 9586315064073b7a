"""Webhooks: the partner's server is told each step, verifies who says so, and gets again what it did not take."""

from functools import partial

from marketplace.app.tour import receiver as receivers
from marketplace.app.tour.cast import Cast
from marketplace.app.tour.chapters.deliveries import NUMBER
from marketplace.app.tour.client import Json, wait_for
from marketplace.app.tour.receiver import Receiver
from marketplace.app.tour.shopping import redeem
from marketplace.app.tour.stage import Stage

TITLE = "Being told: webhooks"
_MADE = "... on WebhookEndpointSecret { secret endpoint { id enabled } }"
_TEST = "... on WebhookTest { webhookId }"
_LOG = "{ webhookDeliveries(first: 20) { nodes { webhookId state type attempts lastStatus } } }"


def play(stage: Stage, cast: Cast) -> None:
    """Afterwards the partner's server has heard of an order and its end, and its endpoint is gone."""
    partner = cast.partner
    bad = partner.do("createWebhookEndpoint", _MADE, url="ftp://example.com/hooks")
    stage.does(partner, "registers an address that is none", bad, "InvalidInput")
    with receivers.listening() as server:
        made = partner.do("createWebhookEndpoint", _MADE, url=server.url)
        server.secret, endpoint = made["secret"], {"id": made["endpoint"]["id"]}
        stage.does(partner, "registers its server", made, "WebhookEndpointSecret", "the secret is shown once")
        foreign = cast.starbucks.do("deleteWebhookEndpoint", **endpoint)
        stage.does(cast.starbucks, "takes it away", foreign, "NotFound")
        _told(stage, cast, server)
        _told_again(stage, cast, server, endpoint)
        rotated = partner.do("rotateWebhookSecret", _MADE, **endpoint)
        stage.does(partner, "asks for another secret", rotated, "WebhookEndpointSecret", "both sign for a day")
        for secret, which in ((server.secret, "old"), (rotated["secret"], "new")):
            server.secret = secret
            sent = partner.do("sendTestWebhook", _TEST, **endpoint)
            stage.equal(partner, f"believes a test by its {which} secret", _heard(server, sent["webhookId"]), 1)
        stage.equal(partner, "has got nothing that it could not believe", server.forged, 0)
        gone = partner.do("deleteWebhookEndpoint", **endpoint)
        stage.does(partner, "takes its server away", gone, "WebhookEndpoint")


def _told(stage: Stage, cast: Cast, server: Receiver) -> None:
    order = redeem(cast, cast.astrid, "POANG/SE", membershipNumber=NUMBER)
    stage.equal(cast.partner, "hears of an order", _data(server, "redemption.requested"),
                {"redemption": order["id"], "state": "PENDING"})  # fmt: skip
    cast.partner.do("refuseCredit", redemptionId=order["id"], reason="This card was closed.")
    stage.equal(cast.partner, "hears that it has failed", _data(server, "redemption.failed"),
                {"redemption": order["id"], "state": "FAILED"})  # fmt: skip


def _told_again(stage: Stage, cast: Cast, server: Receiver, endpoint: Json) -> None:
    """What the server did not take comes again, by the same id."""
    partner, server.failures = cast.partner, 1
    id = partner.do("sendTestWebhook", _TEST, **endpoint)["webhookId"]
    stage.equal(partner, "answers 500 to a test", _heard(server, id), 1)
    stage.equal(partner, "gets it again seconds later", _heard(server, id, 2), 2)
    row = wait_for(partial(_row, cast, id), lambda row: row["state"] == "DELIVERED", patience_s=10)
    stage.equal(partner, "reads both in its log", (row["state"], row["attempts"]), ("DELIVERED", 2))


def _row(cast: Cast, id: str) -> Json:
    rows: list[Json] = cast.partner.ask(_LOG)["webhookDeliveries"]["nodes"]
    return next(row for row in rows if row["webhookId"] == id)


def _heard(server: Receiver, id: str, times: int = 1) -> int:
    """How often an event came, once it came so often."""

    def count() -> Json:
        return {"times": sum(1 for each, _ in list(server.got) if each == id)}

    return wait_for(count, lambda seen: seen["times"] >= times, patience_s=30)["times"]


def _data(server: Receiver, type: str) -> Json | None:
    """What the newest event of a type says, once there is one."""
    seen = wait_for(lambda: {"of": server.of(type)}, lambda now: bool(now["of"]), patience_s=30)
    return seen["of"][-1][1]["data"] if seen["of"] else None
