"""Which media type answers a request: the `Accept` header by RFC 9110 section 12.5.1."""

from dataclasses import dataclass
from functools import lru_cache

GRAPHQL_RESPONSE = "application/graphql-response+json"
JSON = "application/json"
EVENT_STREAM = "text/event-stream"

_EXACT, _SUBTYPES, _ANYTHING, _NO_MATCH = 3, 2, 1, 0


@dataclass(frozen=True, slots=True)
class MediaType:
    """One media type or range with its parameters, lower-cased except for parameter values."""

    name: str
    parameters: dict[str, str]

    @classmethod
    def parse(cls, text: str) -> "MediaType":
        """Read `type/subtype; name=value`; quoted values lose their quotes, malformed parts are skipped."""
        name, *rest = text.split(";")
        pairs = (part.split("=", 1) for part in rest if "=" in part)
        return cls(
            name.strip().lower(),
            {pair[0].strip().lower(): pair[1].strip().strip('"') for pair in pairs},
        )

    @property
    def quality(self) -> float:
        """The weight `q` between 0 and 1; a malformed one counts as 1."""
        try:
            return min(max(float(self.parameters.get("q", "1")), 0.0), 1.0)
        except ValueError:
            return 1.0

    def specificity(self, offered: str) -> int:
        """How closely this range names the offered type; 0 when it does not cover it."""
        if self.name == offered:
            return _EXACT
        if self.name == f"{offered.split('/')[0]}/*":
            return _SUBTYPES
        return _ANYTHING if self.name == "*/*" else _NO_MATCH


def names_json(accept: str | None) -> bool:
    """Whether the client says itself that it wants JSON: a link, an image or a form of another site does not."""
    names = (MediaType.parse(part).name for part in (accept or "").split(","))
    return not {GRAPHQL_RESPONSE, JSON}.isdisjoint(names)


@lru_cache(maxsize=1024)
def negotiate(accept: str | None) -> str | None:
    """The media type of the answer, or None when the client takes neither (406).

    Who names `application/graphql-response+json` gets it unless they weigh `application/json`
    higher; who names nothing, or only wildcards, gets `application/json`.
    """
    ranges = [MediaType.parse(part) for part in (accept or "").split(",") if part.strip()]
    if not ranges:
        return JSON
    best: tuple[float, int] = (0.0, _NO_MATCH)
    chosen: str | None = None
    for offered in (GRAPHQL_RESPONSE, JSON):
        closest = max(ranges, key=lambda each: each.specificity(offered))
        specificity = closest.specificity(offered)
        rank = (closest.quality, specificity)
        if specificity == _NO_MATCH or closest.quality == 0:
            continue
        wildcard_tie = rank == best and specificity != _EXACT
        if rank > best or wildcard_tie:
            best, chosen = rank, offered
    return chosen


def takes_events(accept: str | None) -> bool:
    """Whether the client names `text/event-stream`; a wildcard is not enough to be sent one without end."""
    ranges = [MediaType.parse(part) for part in (accept or "").split(",") if part.strip()]
    return any(each.name == EVENT_STREAM and each.quality > 0 for each in ranges)
