"""What resolvers know of a request: who asks, in which languages, under which id."""

import re
from functools import lru_cache
from http import HTTPStatus

from starlette.requests import Request

from marketplace.app.errors import HttpRefusal
from marketplace.app.identity import Identity
from marketplace.app.negotiation import MediaType
from marketplace.kit.graphql import Context
from marketplace.kit.refusals import Unauthenticated
from marketplace.storefront import standpoint

MAX_LANGUAGES = 10
_TAG = re.compile(r"[a-z]{2,8}(-[a-z0-9]{1,8}){0,4}")
_SUBTAG_CASE = {2: str.upper, 4: str.title}  # regions and scripts


async def build(request: Request, identity: Identity) -> Context:
    """The context of one request; raises HttpRefusal (401) for a token that is not valid."""
    try:
        actor = await identity.actor(request.headers.get("authorization"))
    except Unauthenticated as refused:
        raise HttpRefusal(
            HTTPStatus.UNAUTHORIZED,
            refused.code,
            str(refused),
            {"WWW-Authenticate": 'Bearer error="invalid_token"'},
        ) from refused
    own = actor.languages if actor else ("en",)
    return Context(
        actor=actor,
        request_id=request.scope.get("state", {}).get("request_id", ""),
        languages=accepted_languages(request.headers.get("accept-language")) or own,
    )


async def recall(request: Request, identity: Identity) -> Context | None:
    """The context of a member who was seen a moment ago: for operations that plans alone answer, else None.

    Their pages ask the database whether what is remembered of the member still holds.
    """
    actor = identity.recall(request.headers.get("authorization"))
    standing = await standpoint.stand(actor) if actor else None
    if actor is None or standing is None:
        return None
    languages = accepted_languages(request.headers.get("accept-language")) or actor.languages
    return Context(
        actor=actor,
        request_id=request.scope.get("state", {}).get("request_id", ""),
        languages=languages,
        at_hand={"market": {"own": standing.shopper.country}, "shopper": {actor: standing.shopper}},
        standpoint=(standing.standpoint, languages),
        direct=True,
        seen_at=standing.seen_at,
    )


@lru_cache(maxsize=1024)
def accepted_languages(header: str | None) -> tuple[str, ...]:
    """The language tags of an `Accept-Language` header, best first, written as BCP 47 recommends."""
    ranges = [MediaType.parse(part) for part in (header or "").split(",")[:MAX_LANGUAGES]]
    wanted = [each for each in ranges if _TAG.fullmatch(each.name) and each.quality > 0]
    return tuple(_canonical(each.name) for each in sorted(wanted, key=lambda each: -each.quality))


def _canonical(tag: str) -> str:
    language, *rest = tag.split("-")
    return "-".join([language, *(_SUBTAG_CASE.get(len(part), str.lower)(part) for part in rest)])
