"""Form bodies and query strings with nested brackets, as Stripe reads them.

`capabilities[transfers][requested]=true` is an object, `expand[0]=x` and `expand[]=x` are lists
(docs.stripe.com/api/expanding_objects shows both spellings). Values stay strings: the typed
parameters decide what they mean.
"""

import re
from typing import Any, cast
from urllib.parse import parse_qsl

from marketplace.payments.stand_in.errors import Json, invalid

_PART = re.compile(r"\[([^\[\]]*)\]")


def parse(text: str) -> Json:
    """The parameters of a form body or query string; raises StripeRefusal when they contradict."""
    found: Json = {}
    for name, value in parse_qsl(text, keep_blank_values=True):
        head, _, tail = name.partition("[")
        path = [head, *_PART.findall(f"[{tail}")] if tail else [head]
        _place(found, path, value, name)
    return {name: _as_list(value) for name, value in found.items()}


def _place(into: Json, path: list[str], value: str, name: str) -> None:
    *parents, last = path
    for part in parents:
        inner = into.setdefault(_key(into, part), {})
        if not isinstance(inner, dict):
            raise invalid(f"Invalid parameter: {name}", param=name)
        into = cast("Json", inner)
    into[_key(into, last)] = value


def _key(into: Json, part: str) -> str:
    return str(len(into)) if part == "" else part


def _as_list(value: Any) -> Any:
    if not isinstance(value, dict):
        return value
    inner = {key: _as_list(item) for key, item in cast("Json", value).items()}
    if inner and all(key.isdigit() for key in inner):
        return [inner[key] for key in sorted(inner, key=int)]
    return inner
