"""Who plays: the demo's operators and programs, and the members and the partner that the tour makes for itself."""

import secrets
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import orjson

from marketplace.access.dev_issuer import DevIssuer
from marketplace.app.demo.world import AUDIENCE
from marketplace.app.tour.client import Client, Json, Watch

LIFETIME = timedelta(hours=6)


class NoDemo(Exception):
    """Something answers, and it is not a demo whose tokens are at hand."""


@dataclass(slots=True)
class Member:
    """A member of the tour: their phone, their id, and the reference that their program knows them by."""

    phone: Client
    reference: str
    id: str = ""


@dataclass(slots=True)
class Cast:
    """Everybody, and what the chapters leave for those that follow. `run` sets this tour apart from others."""

    run: str
    http: httpx.Client
    watch: Watch
    issuer: DevIssuer
    audience: str
    operator: Client
    controller: Client
    north: Client
    kopi: Client
    atlas: Client
    anybody: Client
    starbucks: Client
    stripe: str | None
    """Where the stand-in for Stripe listens, whose pages and forms people fill in."""
    astrid: Member
    johan: Member
    aisyah: Member
    partner: Client = field(init=False)
    partner_id: str = ""
    brand_id: str = ""
    settled_until: str = ""
    """The last day that is over in every contract's time zone, once settlement has said so."""
    payable: Json | None = None
    """What settlement's preview said of the partner that has opened an account since."""
    items: dict[str, Json] = field(default_factory=dict[str, Json])
    """The tour's own items by `SKU/COUNTRY`."""
    redeemed: dict[str, Json] = field(default_factory=dict[str, Json])

    def person(self, name: str, program: str, reference: str) -> Member:
        """Somebody whose token the program's own identity provider mints: here the development issuer."""
        token = self.issuer.mint(program, reference, audience=AUDIENCE, lifetime=LIFETIME)
        return Member(self.client(name, token), reference)

    def client(self, name: str, token: str | None) -> Client:
        """Somebody with a token."""
        return Client(self.http, self.watch, name, token)


def assemble(http: httpx.Client, var_dir: Path) -> Cast:
    """The cast at a running demo; raises NoDemo when its tokens are not at hand or do not open its doors."""
    path = var_dir / "demo.json"
    if not path.exists():
        raise NoDemo(f"something answers at {http.base_url}, and there is no {path} with tokens for it")
    written: dict[str, Any] = orjson.loads(path.read_bytes())
    tokens, others = written["tokens"], written["others"]
    run, watch, issuer = secrets.token_hex(3), Watch(), DevIssuer(var_dir / "dev-issuer")

    def member(name: str, program: str) -> Member:
        reference = f"tour-{run}-{name.lower()}"
        token = issuer.mint(program, reference, audience=AUDIENCE, lifetime=LIFETIME)
        return Member(Client(http, watch, name, token), reference)

    cast = Cast(
        run=run,
        http=http,
        watch=watch,
        issuer=issuer,
        audience=AUDIENCE,
        operator=Client(http, watch, "Operator", tokens["operator"]),
        controller=Client(http, watch, "Controller", others["controller"]),
        north=Client(http, watch, "Northern Lights", tokens["program"]),
        kopi=Client(http, watch, "Kopi Club", others["program KOPI"]),
        atlas=Client(http, watch, "Atlas Rewards", others["program ATLAS"]),
        anybody=Client(http, watch, "Passer-by", None),
        starbucks=Client(http, watch, "Starbucks", tokens["partner"]),
        stripe=_stand_in(var_dir),
        astrid=member("Astrid", "NORTH"),
        johan=member("Johan", "NORTH"),
        aisyah=member("Aisyah", "KOPI"),
    )
    if cast.operator.answer("{ partners(first: 1) { nodes { id } } }").get("errors"):
        raise NoDemo(f"the demo at {http.base_url} was not started from here: its tokens are not in {path}")
    return cast


def _stand_in(var_dir: Path) -> str | None:
    path = var_dir / "stripe.json"
    return f"http://127.0.0.1:{orjson.loads(path.read_bytes())['port']}" if path.exists() else None
