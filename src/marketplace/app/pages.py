"""Pages for people: the landing page and GraphiQL, from our own files, under a strict content policy."""

from collections.abc import Mapping
from html import escape
from pathlib import Path
from typing import Any

import orjson
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.routing import BaseRoute, Mount, Route
from starlette.staticfiles import StaticFiles

from marketplace.app import examples

STATIC = Path(__file__).parent / "static"
_STRICT = "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; "
LANDING_POLICY = _STRICT + "style-src 'self'; img-src 'self' data:"
GRAPHIQL_POLICY = (
    _STRICT + "script-src 'self'; style-src 'self'; font-src 'self' data:; "
    "img-src 'self' data:; connect-src 'self'"
)
WHO = {
    "member": "A member's app",
    "partner": "A partner's server",
    "program": "A program's server",
    "operator": "An operator",
}


class Pages:
    """The pages of one installation. Tokens of the demo are shown only where `demo_file` is given."""

    def __init__(self, *, demo_file: Path | None, graphiql: bool) -> None:
        self._demo_file = demo_file
        self._graphiql = graphiql
        self._examples = examples.load()

    def routes(self) -> list[BaseRoute]:
        """Where the pages are served."""
        served: list[BaseRoute] = [
            Route("/", self.landing),
            Mount("/static", StaticFiles(directory=STATIC)),
        ]
        if self._graphiql:
            served += [Route("/graphiql", self.graphiql), Route("/graphiql/start.json", self.start)]
        return served

    def _tokens(self) -> Mapping[str, str]:
        if self._demo_file is None or not self._demo_file.exists():
            return {}
        demo: dict[str, Any] = orjson.loads(self._demo_file.read_bytes())
        return demo.get("tokens", {})

    async def landing(self, request: Request) -> Response:
        """What this is, and how to try it."""
        page = (STATIC / "landing.html").read_text()
        filled = {
            "graphiql": self._link_to_graphiql(),
            "samples": self._samples(str(request.base_url) + "graphql"),
        }
        for name, value in filled.items():
            page = page.replace(f"<!-- {name} -->", value)
        return HTMLResponse(page, headers={"Content-Security-Policy": LANDING_POLICY})

    def _link_to_graphiql(self) -> str:
        if not self._graphiql:
            return ""
        return '<a class="button" href="graphiql">Open GraphiQL</a>'

    def _samples(self, url: str) -> str:
        """For each kind of caller the first example as a command that can be pasted, with their token."""
        tokens = self._tokens()
        parts: list[str] = []
        for actor, title in WHO.items():
            found = next((each for each in self._examples if each.actor == actor), None)
            if found is not None:
                token = tokens.get(actor, f"<{actor}-token>")
                command = escape(curl(url, found.operation, token))
                parts.append(
                    f"<article><h3>{escape(title)}</h3><p>{escape(found.title)}</p>"
                    f"<pre tabindex='0'><code>{command}</code></pre></article>"
                )
        return "\n".join(parts)

    async def graphiql(self, request: Request) -> Response:
        """The IDE."""
        page = (STATIC / "graphiql" / "index.html").read_text()
        return HTMLResponse(page, headers={"Content-Security-Policy": GRAPHIQL_POLICY})

    async def start(self, request: Request) -> Response:
        """What the IDE opens with: a tab for each example, with the token it needs."""
        tokens = self._tokens()
        tabs: list[dict[str, Any]] = []
        for each in self._examples:
            token = tokens.get(each.actor)
            headers = {"Authorization": f"Bearer {token}"} if token else {}
            tabs.append(
                {
                    "query": f"# {each.title}\n{each.operation}",
                    "variables": _pretty(orjson.loads(each.variables)) if each.variables else "",
                    "headers": _pretty(headers),
                }
            )
        return JSONResponse({"tabs": tabs}, headers={"Cache-Control": "no-store"})


def _pretty(value: Mapping[str, Any]) -> str:
    return orjson.dumps(value, option=orjson.OPT_INDENT_2).decode()


def curl(url: str, operation: str, token: str) -> str:
    """A shell command that sends the operation; the operation's own quotes survive the shell."""
    code = [line for line in operation.splitlines() if not line.lstrip().startswith("#")]
    query = " ".join(" ".join(code).split())
    body = orjson.dumps({"query": query}).decode().replace("'", "'\\''")
    lines = [
        f"curl {url}",
        "  -H 'Content-Type: application/json'",
        f"  -H 'Authorization: Bearer {token}'",
        f"  -d '{body}'",
    ]
    return " \\\n".join(lines)
