"""Who is measured: our server in its ways to the page, and its peers, each with the requests it is asked.

Everybody answers twenty offers of one shelf, twelve scalars and the brand each, from the tables of the marketplace
(Vendure from ten thousand products of its own). Two hundred different pages are asked in turn: ten of each shelf.
"""

import itertools
import os
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final
from urllib.parse import parse_qs, urlsplit

import orjson

from bench import load, offers, vendure
from bench.servers import Server
from marketplace.kit.private_postgres import PrivatePostgres

HERE: Final = Path(__file__).parent / "peers"
DEEP: Final = 10
OURS: Final = """query Page($shelf: String!, $after: String) {
  offers(first: 20, filter: { categories: [$shelf] }, after: $after) {
    nodes {
      id sku kind status title description imageUrl availability { inStock closesAt }
      pointsPrice { points worth { amount currency } } brand { id name imageUrl }
    }
    pageInfo { endCursor hasNextPage }
  }
}"""
FLAT: Final = """query Page($shelf: String!, $after: String) {
  offers(category: $shelf, first: 20, after: $after) {
    nodes {
      id sku kind status title description imageUrl inStock closesAt points amount currency
      brand { id name imageUrl }
    }
    pageInfo { endCursor hasNextPage }
  }
}"""
POSTGRAPHILE: Final = """query Page($shelf: String!, $after: Cursor) {
  offers: allListings(
    first: 20, after: $after, condition: { country: "NL", published: true, categoryId: $shelf },
    orderBy: [POPULARITY_DESC, OFFER_ID_DESC]
  ) {
    nodes {
      fromPriceMinor currency published
      offerByOfferId {
        id sku kind status title description publishedFrom publishedUntil source
        brandByBrandId { id name slug }
      }
    }
    pageInfo { endCursor hasNextPage }
  }
}"""
VENDURE: Final = """query Page($skip: Int!) {
  search(input: { take: 20, skip: $skip, groupByProduct: true }) {
    items {
      productId productName slug sku description productVariantId productVariantName inStock currencyCode
      price { ... on SinglePrice { value } ... on PriceRange { min } }
      priceWithTax { ... on SinglePrice { value } ... on PriceRange { min } }
      productAsset { id preview } facetIds
    }
  }
}"""
Requests = Callable[[], Iterator[bytes]]


@dataclass(frozen=True, slots=True)
class Contestant:
    """One way to the page: a server, and what it is asked once it runs."""

    name: str
    server: Server
    requests: Requests


@dataclass(frozen=True, slots=True)
class Setting:
    """Where everybody finds the data, and how they are started."""

    postgres: PrivatePostgres
    var: Path
    token: str
    port: int

    @property
    def url(self) -> str:
        """The database of the marketplace."""
        return self.postgres.url()

    @property
    def socket(self) -> str:
        """The folder of PostgreSQL's socket."""
        return parse_qs(urlsplit(self.url).query)["host"][0]

    def env(self, **more: str) -> dict[str, str]:
        """What a server is told."""
        return {"DATABASE_URL": self.url, "PGHOST": self.socket, "PORT": str(self.port)} | more


@dataclass(frozen=True, slots=True)
class Asking:
    """How one server is asked for a page: its path, its document, and the headers beside it."""

    port: int
    document: str
    path: str = "/graphql"
    headers: Mapping[str, str] = field(default_factory=dict[str, str])

    def request(self, variables: Mapping[str, Any], document: str | None = None) -> bytes:
        """The request for one page."""
        body = orjson.dumps({"query": document or self.document, "variables": variables})
        return load.http(self.path, body, dict(self.headers))

    def variables(self) -> Iterator[dict[str, Any]]:
        """Two hundred pages, found by going from one to the next."""
        for shelf in offers.CATEGORIES:
            after: str | None = None
            for _ in range(DEEP):
                asked = {"shelf": shelf, "after": after}
                yield asked
                sound, answer = load.ask(self.port, self.request(asked))
                assert sound, answer[:500]
                after = orjson.loads(answer)["data"]["offers"]["pageInfo"]["endCursor"]

    def known(self) -> Iterator[bytes]:
        """The same document again and again."""
        return itertools.cycle([self.request(each) for each in self.variables()])

    def unseen(self) -> Iterator[bytes]:
        """Each time a document of its own."""
        for n, variables in enumerate(itertools.cycle(list(self.variables()))):
            yield self.request(variables, f"{self.document} # {os.getpid()} {n}")


def ours(setting: Setting) -> list[Contestant]:
    """The shipped server, as `marketplace serve` runs it: token, limits, cost and the member's own prices."""
    command = (str(Path(sys.executable).with_name("marketplace")), "serve", "--port", str(setting.port))
    asking = Asking(setting.port, OURS, headers={"Authorization": f"Bearer {setting.token}"})
    probe = asking.request({"shelf": offers.CATEGORIES[0]})
    counted = {
        "MARKETPLACE_VAR_DIR": str(setting.var),
        "MARKETPLACE_RATE_LIMITS": "true",
        "MARKETPLACE_ACTOR_RATE": "100000000/minute",
        "MARKETPLACE_ADDRESS_RATE": "100000000/minute",
        "MARKETPLACE_DOCUMENT_RATE": "10000000000/minute",
        "MARKETPLACE_LOG_LEVEL": "WARNING",
    }

    def way(name: str, requests: Requests, **env: str) -> Contestant:
        return Contestant(name, Server(command, setting.port, probe, setting.env(**counted, **env)), requests)

    return [
        way("ours, every field resolved plainly", asking.known, MARKETPLACE_PLANNED_READS="false"),
        way("ours, a document never seen before", asking.unseen, MARKETPLACE_KEPT_PAGES_BYTES="0"),
        way("ours, known operation, no page kept", asking.known, MARKETPLACE_KEPT_PAGES_BYTES="0"),
        way("ours, known operation, found again", asking.known, MARKETPLACE_KEPT_PAGES_BELIEVED_MS="0"),
        way("ours, kept page", asking.known),
    ]


def python_peers(setting: Setting, page: Path) -> list[Contestant]:
    """Strawberry + Tortoise + DataLoader as they document it, and a constant: the floor and the ceiling."""
    uvicorn = (sys.executable, "-m", "uvicorn", "--host", "127.0.0.1", "--port", str(setting.port))
    quiet = ("--no-access-log", "--log-level", "warning", "--loop", "uvloop", "--http", "httptools")
    root = str(HERE.parents[1])
    env = setting.env(BENCH_PAGE=str(page), PYTHONPATH=root)
    asking = Asking(setting.port, FLAT, path="/graphql/")
    probe = asking.request({"shelf": offers.CATEGORIES[0]})

    def peer(name: str, app: str, requests: Requests) -> Contestant:
        return Contestant(name, Server((*uvicorn, app, *quiet), setting.port, probe, env), requests)

    return [
        peer("Strawberry + Tortoise + DataLoader", "bench.peers.plain:app", asking.known),
        peer("a constant body, bare ASGI", "bench.peers.constant:app", lambda: itertools.repeat(probe)),
    ]


def node_peers(setting: Setting) -> list[Contestant]:
    """The peers from npm; needs `npm`, and installs them into the var folder the first time."""
    folder = setting.var.parent / "peers"
    node = _installed(folder, HERE)
    shop_folder = folder / "vendure"
    _installed(shop_folder, HERE / "vendure")
    flat, graphile = Asking(setting.port, FLAT), Asking(setting.port, POSTGRAPHILE)
    shop = Asking(setting.port, VENDURE, "/shop-api")
    env = setting.env(PGURL=f"socket:{setting.socket}?db=marketplace&user=postgres")
    vendure.prepare(shop_folder, node, setting.postgres, env)

    def peer(name: str, script: str, asking: Asking, *, probe: dict[str, Any], requests: Requests) -> Contestant:
        command = (str(node), script)
        server = Server(command, setting.port, asking.request(probe), env, folder / Path(script).parent)
        return Contestant(name, server, requests)

    first = {"shelf": offers.CATEGORIES[0]}
    pages = [shop.request({"skip": 20 * n}) for n in range(200)]
    return [
        peer("Mercurius + graphql-jit, one join", "mercurius.js", flat, probe=first, requests=flat.known),
        peer("PostGraphile 5", "postgraphile.mjs", graphile, probe=first, requests=graphile.known),
        peer(
            "Vendure search, 10,000 products",
            str(shop_folder / "serve.js"),
            shop,
            probe={"skip": 0},
            requests=lambda: itertools.cycle(pages),
        ),
    ]


def _installed(folder: Path, source: Path) -> Path:
    """Install what a package.json pins, and put our scripts beside it; returns its Node."""
    folder.mkdir(parents=True, exist_ok=True)
    wanted = (source / "package.json").read_bytes()
    stamp = folder / "package.json"
    fresh = not stamp.exists() or stamp.read_bytes() != wanted or not (folder / "node_modules").exists()
    for file in source.iterdir():
        if file.is_file() and file.suffix != ".py":
            (folder / file.name).write_bytes(file.read_bytes())
    if fresh:
        subprocess.run(["npm", "install", "--no-audit", "--no-fund", "--no-package-lock"], cwd=folder, check=True)
    return folder / "node_modules" / ".bin" / "node"
