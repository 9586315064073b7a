"""The page behind an account link: what Stripe hosts, in one form.

docs.stripe.com/connect/hosted-onboarding: the link works once and for minutes; a used or expired one
sends its visitor to `refresh_url`, and leaving the form sends them to `return_url`, finished or not.
"""

from html import escape

from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from marketplace.payments.stand_in.call import Call, Options
from marketplace.payments.stand_in.errors import Json
from marketplace.payments.stand_in.forms import parse
from marketplace.payments.stand_in.resources import accounts
from marketplace.payments.stand_in.store import PLATFORM, Store
from marketplace.payments.stand_in.webhooks import Courier

_PAGE = """<!doctype html><html lang="en"><meta charset="utf-8"><title>Onboarding (stand-in)</title>
<body style="font-family:sans-serif;max-width:32rem;margin:4rem auto">
<h1>Get paid</h1><p>This page stands in for Stripe's hosted onboarding of <code>{account}</code>.
No real data is asked for, and no money moves.</p>
<form method="post"><button name="outcome" value="complete">Agree and submit</button>
<button name="outcome" value="incomplete">Save for later</button></form></body></html>"""


class Hosted:
    """GET shows the form; POST finishes it (`outcome=complete`, the default) or leaves it."""

    def __init__(self, store: Store, options: Options, courier: Courier) -> None:
        self._store, self._options, self._courier = store, options, courier

    async def visit(self, request: Request) -> Response:
        link = self._link(request)
        if link is None:
            return HTMLResponse("<h1>No such link</h1>", 404)
        if link["used"] or link["expires_at"] <= self._store.now():
            return RedirectResponse(link["refresh_url"], 302)
        if request.method == "GET":
            return HTMLResponse(_PAGE.format(account=escape(link["account_id"])))
        form = parse((await request.body()).decode("utf-8", "replace"))
        with self._store.transaction():
            self._store.save({**link, "used": True})
            if form.get("outcome", "complete") == "complete":
                call = Call(store=self._store, options=self._options, account=PLATFORM, params={})
                accounts.onboard(call, link["account_id"])
        self._courier.wake()
        return RedirectResponse(link["return_url"], 303)

    def _link(self, request: Request) -> Json | None:
        found = self._store.rows(
            "SELECT id FROM objects WHERE kind = 'stand_in_link' AND json_extract(body, '$.token') = ?",
            request.path_params["token"],
        )
        return self._store.find("stand_in_link", found[0]["id"]) if found else None
