"""Settings, all from the environment: names that hosts know as they are, ours as MARKETPLACE_*.

In development what is secret is made once and kept in the var folder; in production a missing
secret stops the start.
"""

import json
import os
import re
import secrets
from decimal import Decimal, InvalidOperation
from enum import StrEnum
from functools import cache
from pathlib import Path
from typing import Annotated, Any, Literal, Self, cast

from cryptography.fernet import Fernet
from pydantic import (
    AliasChoices,
    BeforeValidator,
    Field,
    NonNegativeInt,
    PositiveFloat,
    PositiveInt,
    PostgresDsn,
    SecretStr,
    TypeAdapter,
    ValidationError,
    model_validator,
)
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict


class Environment(StrEnum):
    """Where the program runs: with made-up secrets, or in earnest."""

    DEVELOPMENT = "development"
    PRODUCTION = "production"


class SettingsError(Exception):
    """The environment is not fit to start in; the message has a line for each reason."""


def split_at_commas(value: object) -> object:
    if isinstance(value, str):
        return [part.strip() for part in value.split(",") if part.strip()]
    return value


def must_be_postgres(value: object) -> object:
    """Refuse what is not a PostgreSQL URL, without repeating the password in it."""
    secret = value.get_secret_value() if isinstance(value, SecretStr) else value
    if isinstance(secret, str) and "@/" not in secret:
        try:
            TypeAdapter(PostgresDsn).validate_python(secret)
        except ValidationError:
            raise ValueError("is not a PostgreSQL URL, such as postgresql://user@host/database") from None
    return value


def must_be_fernet_key(value: object) -> object:
    try:
        Fernet(value.get_secret_value() if isinstance(value, SecretStr) else str(value))
    except ValueError:
        raise ValueError("is not a Fernet key: 32 bytes in URL-safe base64") from None
    return value


def must_be_origins(value: object) -> object:
    """Refuse what a browser never sends as an origin: a path, a trailing slash, a bare host."""
    origins = split_at_commas(value)
    for origin in cast("list[str]", origins) if isinstance(origins, list) else ():
        if origin != "*" and not re.fullmatch(r"https?://[A-Za-z0-9.:\[\]-]+", origin):
            raise ValueError(f"{origin!r} is not an origin, such as https://app.example.com")
    return split_at_commas(value)


def must_be_amounts(value: object) -> Any:
    """Amounts by currency, such as `EUR=10000,JPY=1500000`."""
    if not isinstance(value, str):
        return value
    pairs = [part.partition("=") for part in value.split(",") if part.strip()]
    try:
        return {currency.strip().upper(): Decimal(amount.strip()) for currency, _, amount in pairs}
    except InvalidOperation:
        raise ValueError("is not written like EUR=10000,JPY=1500000") from None


DatabaseUrl = Annotated[SecretStr, BeforeValidator(must_be_postgres)]
CodeKey = Annotated[SecretStr, BeforeValidator(must_be_fernet_key)]


def well_known(name: str) -> Any:
    """A field whose variable has no prefix, because hosts and Stripe set it by that name."""
    return Field(default=None, validation_alias=AliasChoices(name, name.lower()))


class Settings(BaseSettings):
    """Everything that differs between installations. Empty variables count as absent."""

    model_config = SettingsConfigDict(
        env_prefix="MARKETPLACE_",
        env_ignore_empty=True,
        extra="ignore",
        frozen=True,
        hide_input_in_errors=True,
        populate_by_name=True,
    )

    environment: Environment = Environment.DEVELOPMENT
    var_dir: Path = Path("var")
    issuer_code: Annotated[str, Field(pattern="^[A-Z0-9]{1,20}$")] = "MP"
    """Who issues commission invoices: a part of their numbers, which have no gaps for each issuer and year."""
    issuer_name: str = "Rewards marketplace"
    issuer_vat_number: str = ""
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = "INFO"

    database_url: DatabaseUrl | None = well_known("DATABASE_URL")
    database_direct_url: DatabaseUrl | None = well_known("DATABASE_DIRECT_URL")
    database_replica_url: DatabaseUrl | None = well_known("DATABASE_REPLICA_URL")
    port: Annotated[int, Field(ge=0, le=65535, validation_alias=AliasChoices("PORT", "port"))] = 8000

    stripe_api_key: SecretStr | None = well_known("STRIPE_API_KEY")
    stripe_webhook_secret: SecretStr | None = well_known("STRIPE_WEBHOOK_SECRET")
    stripe_api_base: str | None = well_known("STRIPE_API_BASE")

    code_keys: Annotated[tuple[CodeKey, ...], NoDecode, BeforeValidator(split_at_commas)] = ()
    """Fernet keys of the code vault, newest first: the first encrypts, all decrypt."""
    secret: SecretStr = SecretStr("")
    """The pepper of our HMACs: claim links, cursors, hashes of personal data."""

    only_registered_operations: bool = False
    """Serve no GraphQL document but those that `marketplace operations register` was given."""

    cors_origins: Annotated[tuple[str, ...], NoDecode, BeforeValidator(must_be_origins)] = ()
    """Origins of web applications that may call us from a browser; `*` for any. Cookies are never used."""

    alone_up_to: Annotated[dict[str, Decimal], NoDecode, BeforeValidator(must_be_amounts)] = must_be_amounts(
        "EUR=10000,USD=10000,GBP=10000,CHF=10000,SEK=100000,NOK=100000,DKK=75000,JPY=1500000"
    )
    """What one person of finance may move alone, by currency; more, and any other currency, takes two people."""

    rate_limits: bool | None = None
    """Whether requests are counted; left out, in production only."""
    actor_rate: str = "1200/minute"
    address_rate: str = "6000/minute"
    guess_rate: str = "10/minute;50/hour;100/day"
    """How often one actor may try what could be guessed: claim links, codes, membership numbers."""
    document_rate: str = "60000/minute"
    """How many tokens of documents that were not seen before one address may send."""
    redis_url: SecretStr | None = well_known("REDIS_URL")
    """Where all server processes count together; without it each counts for itself."""

    max_body_bytes: PositiveInt = 1_000_000
    max_upload_bytes: PositiveInt = 50_000_000
    max_query_depth: PositiveInt = 15
    max_query_tokens: PositiveInt = 2_000
    max_query_aliases: PositiveInt = 100
    max_query_cost: PositiveInt = 50_000
    max_page_size: PositiveInt = 100
    max_connections: PositiveInt = 20_000
    """How many sockets and event streams one server process holds open."""
    max_connections_per_actor: PositiveInt = 20
    max_subscriptions_per_connection: PositiveInt = 100
    planned_reads: bool = True
    """Off, everything is resolved plainly: to compare, or in doubt."""
    kept_pages_bytes: NonNegativeInt = 32_000_000
    """How much memory each server process has for pages that many members see alike; 0 keeps none."""
    kept_pages_believed_ms: NonNegativeInt = 250
    """How long a kept page is believed after the catalogue was seen to be unchanged; 0 always asks first."""
    reserve_for_s: PositiveInt = 900
    """How long what a member has set aside is theirs; `offer_for_s`: what is offered to who waited in line."""
    offer_for_s: PositiveInt = 1_800
    pool_size: PositiveInt = 20
    metrics_token: SecretStr | None = None
    """What Prometheus sends as its bearer token to read `/metrics` in production; without it nobody reads them."""
    worker_metrics_port: Annotated[int, Field(ge=1, le=65535)] | None = None
    """Where a worker serves its own metrics, on the loopback address; left out, nowhere."""
    operation_timeout_s: PositiveFloat = 20
    """After this long a GraphQL operation is stopped, and PostgreSQL is told to."""
    statement_timeout_ms: PositiveInt = 30_000
    lock_timeout_ms: PositiveInt = 3_000

    @property
    def production(self) -> bool:
        return self.environment is Environment.PRODUCTION

    @model_validator(mode="before")
    @classmethod
    def made_in_development(cls, given: dict[str, Any]) -> dict[str, Any]:
        """Fill what is secret and absent, outside of production, from `secrets.json` in the var folder."""
        if given.get("environment", Environment.DEVELOPMENT) != Environment.DEVELOPMENT:
            return given
        if given.get("secret") and given.get("code_keys"):
            return given
        kept = development_secrets(Path(given.get("var_dir") or "var"))
        return given | {name: given.get(name) or kept[name] for name in ("secret", "code_keys")}

    @model_validator(mode="after")
    def complete_in_production(self) -> Self:
        if not self.production:
            return self
        needed = {
            "DATABASE_URL": self.database_url,
            "MARKETPLACE_SECRET": self.secret.get_secret_value(),
            "MARKETPLACE_CODE_KEYS": self.code_keys,
            "STRIPE_API_KEY": self.stripe_api_key,
            "STRIPE_WEBHOOK_SECRET": self.stripe_webhook_secret,
        }
        if missing := [name for name, value in needed.items() if not value]:
            raise ValueError(f"production needs {', '.join(missing)}")
        if len(self.secret.get_secret_value()) < 32:
            raise ValueError("MARKETPLACE_SECRET needs 32 characters or more in production")
        return self


def development_secrets(var_dir: Path) -> dict[str, str]:
    """Return the secrets of this var folder, made on the first call; equal for all who ask at once."""
    path = var_dir / "secrets.json"
    if not path.exists():
        var_dir.mkdir(parents=True, exist_ok=True)
        fresh = {"secret": secrets.token_urlsafe(48), "code_keys": Fernet.generate_key().decode()}
        whole = var_dir / f"secrets.{os.getpid()}.{secrets.token_hex(4)}"
        descriptor = os.open(whole, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w") as file:
            json.dump(fresh, file, indent=2)
        try:
            # A link is made whole or not at all, and only for the first of two.
            os.link(whole, path)
        except FileExistsError:
            pass
        finally:
            whole.unlink()
    return json.loads(path.read_text())


def load() -> Settings:
    """Read the environment now. Raises SettingsError with a line for each thing wrong."""
    try:
        return Settings()
    except ValidationError as error:
        lines = [
            ": ".join([*(str(part) for part in problem["loc"]), problem["msg"].removeprefix("Value error, ")])
            for problem in error.errors(include_input=False)
        ]
        raise SettingsError("\n".join(lines)) from None


@cache
def settings() -> Settings:
    """The settings of this process, read once. `settings.cache_clear()` reads them again."""
    return load()
