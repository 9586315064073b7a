"""What a client is told when something went wrong: our own words, never an exception's."""

import secrets
from collections.abc import Iterable, Mapping, Sequence
from http import HTTPStatus
from typing import Any

import structlog
from graphql import GraphQLError

from marketplace.kit import database, metrics
from marketplace.kit.ids import BadId
from marketplace.kit.messages import noted, say
from marketplace.kit.refusals import BadUserInput, Refusal, TopLevelError

log = structlog.get_logger()

INTERNAL = "INTERNAL"
UNAVAILABLE = "UNAVAILABLE"
BAD_USER_INPUT = BadUserInput.code
ILL_TYPED_ARGUMENT = ("Argument '", "Variable '")  # graphql-core's own words for what only execution shows
UNEXPECTED = noted("Something went wrong on our side. Quote the incident id when you ask us about it.")

AWAY = noted("We cannot reach our database right now. Ask again in a moment, with the same idempotency key.")


class HttpRefusal(Exception):
    """A request that is refused before it counts as GraphQL, with its HTTP status in every media type.

    What may befall a person is a template with its facts, `noted` for the catalogues; the rest is for programmers.
    """

    def __init__(
        self,
        status: HTTPStatus,
        code: str,
        text: str,
        headers: Mapping[str, str] | None = None,
        facts: Mapping[str, object] | None = None,
    ) -> None:
        super().__init__(text)
        self.status = status
        self.code = code
        self.text = text
        self.headers = dict(headers or {})
        self.facts = dict(facts or {})

    @property
    def message(self) -> str:
        """Why, in English."""
        return self.said(())

    def said(self, languages: Iterable[str]) -> str:
        """Why, in the first of a reader's languages that we speak."""
        return say(self.text, self.facts, languages)


class RequestErrors(Exception):
    """A well-formed request whose GraphQL cannot be executed: 400, or 200 in `application/json`."""

    def __init__(self, errors: Sequence[GraphQLError], extensions: Mapping[str, Any] | None = None) -> None:
        super().__init__(f"{len(errors)} request errors")
        self.errors = errors
        self.extensions = dict(extensions or {})


def bad_request(message: str, code: str = "BAD_REQUEST") -> HttpRefusal:
    """A body or a parameter that cannot be read: 400."""
    return HttpRefusal(HTTPStatus.BAD_REQUEST, code, message)


def request_error(message: str, code: str, **facts: Any) -> RequestErrors:
    """One request error with its code and the facts that explain it."""
    return RequestErrors([GraphQLError(message, extensions={"code": code, **facts})])


def coded(errors: Sequence[GraphQLError], code: str) -> list[GraphQLError]:
    """The same errors, each carrying `extensions.code` unless it has one already."""
    for error in errors:
        error.extensions = {"code": code, **(error.extensions or {})}
    return list(errors)


def present(
    error: GraphQLError, *, operation_name: str | None = None, languages: Iterable[str] = ()
) -> dict[str, Any]:
    """One entry of the response's `errors`.

    What was written for clients is told with its code, a refusal in their language; a database that is away is
    `UNAVAILABLE`. Anything else is our bug: the client sees `INTERNAL` with an incident id, and the log has the
    traceback under that id.
    """
    told: dict[str, Any] = dict(error.formatted)
    code = _code(error)
    if code is None:
        cause = error.original_error or error
        told |= masked(cause, languages, path=error.path, operation_name=operation_name)
    else:
        told["extensions"] = {"code": code, **(error.extensions or {})}
        if isinstance(error.original_error, Refusal):
            told["message"] = error.original_error.said(languages)
    metrics.errors.labels(told["extensions"]["code"]).inc()
    return told


def masked(error: BaseException, languages: Iterable[str] = (), **facts: object) -> dict[str, Any]:
    """What a client is told of an exception that was not written for it: message and extensions."""
    if database.is_away(error):
        log.warning("database away", reason=type(error).__name__)
        return {"message": say(AWAY, {}, languages), "extensions": {"code": UNAVAILABLE}}
    incident = record_incident(error, **facts)
    said = say(UNEXPECTED, {}, languages)
    return {"message": said, "extensions": {"code": INTERNAL, "incident": incident}}


def _code(error: GraphQLError) -> str | None:
    """The code of an error whose text was written for clients; None when it was not."""
    cause = error.original_error
    if isinstance(cause, TopLevelError | Refusal):
        return cause.code
    if "code" in (error.extensions or {}):
        return str((error.extensions or {})["code"])
    ill_typed = error.message.startswith(ILL_TYPED_ARGUMENT) and (cause is None or isinstance(cause, GraphQLError))
    return BAD_USER_INPUT if ill_typed or isinstance(cause, BadId) else None


def record_incident(exception: BaseException, **facts: object) -> str:
    """Log an unexpected exception with its traceback and return the id it is found by."""
    incident = secrets.token_hex(8)
    log.error("incident", incident=incident, exc_info=exception, **facts)
    return incident
