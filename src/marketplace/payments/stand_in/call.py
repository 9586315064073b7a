"""One request as a resource sees it, and the table of endpoints."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from marketplace.payments.stand_in.errors import Json
from marketplace.payments.stand_in.store import PLATFORM, Store


@dataclass(frozen=True, kw_only=True)
class Options:
    """How this stand-in was started."""

    country: str = "DE"
    webhook_url: str | None = None
    webhook_secret: str = "whsec_stand_in"  # noqa: S105 - of a stand-in
    webhook_retry_s: float = 1.0
    webhook_timeout_s: float = 10.0
    payout_after_s: float | None = None


@dataclass(frozen=True, kw_only=True)
class Call:
    """A checked request: who acts (the platform, or a connected account by the Stripe-Account
    header, docs.stripe.com/connect/authentication), on what, with which parameters."""

    store: Store
    options: Options
    account: str
    params: Json
    path: dict[str, str] = field(default_factory=dict[str, str])
    base_url: str = ""
    request_id: str = ""
    key: str | None = None

    @property
    def on_platform(self) -> bool:
        return self.account == PLATFORM

    def param(self, name: str, default: Any = None) -> Any:
        return self.params.get(name, default)

    def metadata(self, old: Json | None = None) -> Json:
        """Metadata merged as Stripe does: an empty value unsets (docs.stripe.com/api/metadata)."""
        given: Any = self.params.get("metadata")
        if given == "":
            return {}
        merged: Json = {**(old or {}), **(given or {})}
        return {name: value for name, value in merged.items() if value != ""}


Handler = Callable[[Call], Json]


@dataclass(frozen=True)
class Endpoint:
    """A method and path, the SDK's parameter type it takes (None: no parameters), and its work."""

    method: str
    path: str
    params: str | None
    work: Handler
