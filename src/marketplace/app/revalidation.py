"""Answers to GET that a client keeps and asks about again: `ETag`, `If-None-Match`, 304 (RFC 9110, 8.8.3, 13.1.2).

An answer is for one caller, so only they may keep it, and nothing in the catalogue lasts for a time that is known
beforehand: it is asked about each time, which spares the body and not the request.
"""

import hashlib

from starlette.requests import Request
from starlette.responses import Response

CACHE_CONTROL = "private, no-cache"
VARY = "Accept, Accept-Language, Authorization"
_KEPT = ("content-length", "content-type")
"""What 304 leaves out: the client has it."""


def revalidated(request: Request, response: Response) -> Response:
    """The response with its tag, or 304 when that is the one the client has."""
    tag = f'W/"{hashlib.sha256(response.body).hexdigest()[:32]}"'
    response.headers["ETag"] = tag
    response.headers["Cache-Control"] = CACHE_CONTROL
    response.headers["Vary"] = VARY
    if not _names(request.headers.get("if-none-match", ""), tag):
        return response
    headers = {name: value for name, value in response.headers.items() if name not in _KEPT}
    return Response(status_code=304, headers=headers)


def _names(condition: str, tag: str) -> bool:
    """Whether an If-None-Match names a tag; strong and weak ones are compared alike."""
    given = {each.strip().removeprefix("W/") for each in condition[:4096].split(",")}
    return "*" in given or tag.removeprefix("W/") in given
