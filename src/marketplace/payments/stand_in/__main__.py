"""`python -m marketplace.payments.stand_in`: the stand-in as a process of its own."""

from pathlib import Path
from typing import Annotated

import typer
import uvicorn

from marketplace.payments.stand_in.app import build
from marketplace.payments.stand_in.call import Options


def serve(
    state: Annotated[Path, typer.Option(help="The SQLite file that holds all state.")],
    port: Annotated[int, typer.Option(help="The port to listen on.")] = 12111,
    host: Annotated[str, typer.Option(help="The address to listen on.")] = "127.0.0.1",
    country: Annotated[str, typer.Option(help="The platform's country.")] = "DE",
    webhook_url: Annotated[str | None, typer.Option(help="Where events are posted.")] = None,
    webhook_secret: Annotated[str, typer.Option(help="Signs the events.")] = "whsec_stand_in",  # noqa: S107 - a stand-in's
    webhook_retry_s: Annotated[float, typer.Option(help="The first pause before a delivery is retried.")] = 1.0,
    payout_after_s: Annotated[
        float | None, typer.Option(help="Pay connected accounts out by themselves, after this long.")
    ] = None,
) -> None:
    """Stand in for Stripe until stopped."""
    state.parent.mkdir(parents=True, exist_ok=True)
    options = Options(
        country=country, webhook_url=webhook_url, webhook_secret=webhook_secret,
        webhook_retry_s=webhook_retry_s, payout_after_s=payout_after_s,
    )  # fmt: skip
    uvicorn.run(build(state, options), host=host, port=port, log_level="warning", timeout_graceful_shutdown=2)


if __name__ == "__main__":
    typer.run(serve)
