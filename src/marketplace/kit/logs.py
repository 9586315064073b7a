"""Logs for people in development and for machines in production, without personal data or codes.

Whatever reaches a log, through structlog or the standard library, passes `without_secrets`:
values under telling keys go, addresses and keys inside of texts go, and objects show their type.
"""

import logging
import re
import sys
from collections.abc import Mapping
from datetime import date, timedelta
from decimal import Decimal
from enum import Enum
from pathlib import Path
from typing import TextIO, cast
from uuid import UUID

import structlog
from structlog.typing import EventDict, Processor, WrappedLogger

HIDDEN = "[hidden]"


def singular(keys: str) -> frozenset[str]:
    return frozenset("_".join(word.removesuffix("s") for word in key.split("_")) for key in keys.split())


# A key that has one of these words anywhere: `recipient_email`, `claimToken`, `x-api-key-secret`.
TELLING_WORDS = singular(
    """
    address authorization bearer bic birthdate birthday cookie credential dsn email iban jwt
    passphrase passwd password pepper phone pin postcode recipient secret sender signature street token
    """
)
# A key that is just one of these; as part of a longer key they say nothing (`task_name`).
TELLING_KEYS = singular(
    """
    account_number api_key arg birth_date body city code code_key content data database_url display_name
    family_name first_name full_name given_name input ip kwarg last_name member_number membership_number
    message name note param parameter payload plaintext postal_code private_key query_string remote_addr
    row row_data surname user_agent username value variable zip zip_code
    """
)
TELLING_TEXT = re.compile(
    r"""
      [^\s@'"<>()=,;:]{1,64}@[^\s@'"<>()=,;:]{1,255}\.[A-Za-z]{2,}             # an e-mail address
    | \b(?:mk|sk|rk|pk|whsec)_[A-Za-z0-9_]{6,}                       # keys of ours and of Stripe's
    | \beyJ[\w-]+\.[\w-]+\.[\w-]*                                    # a JSON Web Token
    | (?i:\b(?:bearer|basic)\s+)[A-Za-z0-9._~+/-]{8,}=*              # an Authorization header
    | (?<=://)[^\s/@]+:[^\s/@]+(?=@)                                 # the password in a URL
    | \b[A-Z]{2}\d{2}(?:[ ]?[A-Z0-9]{4}){2,7}(?:[ ]?[A-Z0-9]{1,4})?\b  # an IBAN
    | (?<=\)=\()[^)]*(?=\))                                          # PostgreSQL: Key (email)=(…) exists
    """,
    re.VERBOSE,
)
WORD_BOUNDARY = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|[^A-Za-z0-9]+")
MAX_DEPTH = 6

# What structlog and the standard library put there themselves, about the program and not a person.
OURS = frozenset({"event", "level", "logger", "timestamp", "exception", "stack", "_record", "_from_structlog"})


def without_secrets(logger: WrappedLogger, method: str, event: EventDict) -> EventDict:
    """A processor that hides personal data, codes and keys by their key, and in texts by their shape."""
    return {key: shown(value) if key in OURS else hidden_by_key(key, value) for key, value in event.items()}


def hidden_by_key(key: str, value: object, depth: int = 0) -> object:
    return HIDDEN if is_telling(key) and value not in (None, "", True, False) else shown(value, depth)


def is_telling(key: str) -> bool:
    """Say whether a key's name tells that its value is personal or secret; plurals count as singular."""
    words = [word.lower().removesuffix("s") or word for word in WORD_BOUNDARY.split(key) if word]
    whole = "_".join(words)
    return whole in TELLING_KEYS or not TELLING_WORDS.isdisjoint(words)


def shown(value: object, depth: int = 0) -> object:
    """Return the value as a log may show it: texts without secrets, collections of such, types of others."""
    if value is None or isinstance(value, bool | int | float | logging.LogRecord):
        return value
    if isinstance(value, str):
        return TELLING_TEXT.sub(HIDDEN, value)
    if isinstance(value, Enum):
        return shown(value.value, depth)
    if isinstance(value, UUID | date | timedelta | Decimal | Path):
        return str(value)
    if isinstance(value, BaseException):
        return shown(f"{type(value).__name__}: {value}", depth)
    if depth < MAX_DEPTH:
        if isinstance(value, Mapping):
            pairs = cast(Mapping[object, object], value)
            return {str(key): hidden_by_key(str(key), each, depth + 1) for key, each in pairs.items()}
        if isinstance(value, list | tuple | set | frozenset):
            return [shown(each, depth + 1) for each in cast(list[object], value)]
    return f"<{type(value).__name__}>"


class WithoutQuery(logging.Filter):
    """Leave an access line its method, path and status: a query string or a client's address is personal."""

    def filter(self, record: logging.LogRecord) -> bool:
        if isinstance(record.args, tuple) and len(record.args) == 5:
            _, method, path, version, status = record.args
            record.args = ("-", method, str(path).partition("?")[0], version, status)
        return True


def configure(*, production: bool, level: str = "INFO", stream: TextIO | None = None) -> None:
    """Send all logs to one stream: a JSON object per line in production, else lines to read.

    Afterwards this holds for structlog and for libraries that log through `logging`.
    """
    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.add_log_level,
        structlog.stdlib.PositionalArgumentsFormatter(),
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.StackInfoRenderer(),
        structlog.processors.format_exc_info,
        without_secrets,
    ]
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=False,
    )
    colours = not production and (stream or sys.stderr).isatty()
    renderer: Processor = (
        structlog.processors.JSONRenderer(ensure_ascii=False)
        if production
        else structlog.dev.ConsoleRenderer(colors=colours)
    )
    handler = logging.StreamHandler(stream or sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, renderer],
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level)
    for name in ("uvicorn", "uvicorn.error"):
        library = logging.getLogger(name)
        library.handlers.clear()
        library.propagate = True
    access = logging.getLogger("uvicorn.access")  # whether it is heard at all was said to uvicorn
    access.handlers.clear()
    access.filters[:] = [WithoutQuery()]
    # Stripe's and httpx's informational lines repeat URLs and bodies of requests.
    for name in ("stripe", "httpx", "httpcore", "tortoise", "procrastinate"):
        logging.getLogger(name).setLevel("WARNING")
