"""Lists and expansion, the same for every resource.

docs.stripe.com/api/pagination: newest first, `limit` 1 to 100 (10 by default), `starting_after` and
`ending_before` are ids. docs.stripe.com/api/expanding_objects: `expand` replaces an id by its object.
"""

import json
from collections.abc import Mapping
from typing import Any, cast

from marketplace.payments.stand_in.call import Call
from marketplace.payments.stand_in.errors import Json, invalid, no_such

COMPARISONS = {"gt": ">", "gte": ">=", "lt": "<", "lte": "<="}
KINDS = {
    "acct": "account",
    "ch": "charge",
    "cus": "customer",
    "in": "invoice",
    "pi": "payment_intent",
    "po": "payout",
    "py": "charge",
    "pyr": "refund",
    "re": "refund",
    "tr": "transfer",
    "trr": "transfer_reversal",
    "txn": "balance_transaction",
}


def page(call: Call, kind: str, url: str, *, account: str | None, equal: Mapping[str, Any]) -> Json:
    """One page of the objects whose fields equal the given values (a list: one of them; None: any)."""
    conditions, args = ["kind = ?"], cast("list[object]", [kind])
    if account is not None:
        conditions.append("account = ?")
        args.append(account)
    for name, value in equal.items():
        if isinstance(value, list):
            choices = cast("list[object]", value)
            conditions.append(f"json_extract(body, '$.{name}') IN ({', '.join('?' * len(choices))})")
            args.extend(choices)
        elif value is not None:
            conditions.append(f"json_extract(body, '$.{name}') = ?")
            args.append(value)
    _created(call, conditions, args)
    return _cut(call, url, conditions, args)


def _created(call: Call, conditions: list[str], args: list[object]) -> None:
    wanted = call.param("created")
    if wanted is None:
        return
    limits = cast("dict[str, int]", wanted if isinstance(wanted, dict) else {"gte": wanted, "lte": wanted})
    for name, value in limits.items():
        conditions.append(f"json_extract(body, '$.created') {COMPARISONS[name]} ?")
        args.append(int(value))


def _cut(call: Call, url: str, conditions: list[str], args: list[object]) -> Json:
    limit = int(call.param("limit", 10))
    if not 1 <= limit <= 100:
        raise invalid("Limit must be between 1 and 100.", param="limit")
    after, before = call.param("starting_after"), call.param("ending_before")
    if after and before:
        raise invalid("Only one of starting_after and ending_before.", code="parameters_exclusive")
    order = "DESC"
    if cursor := after or before:
        name = "starting_after" if after else "ending_before"
        conditions.append(f"seq {'<' if after else '>'} ?")
        args.append(_position(call, cursor, name))
        order = "DESC" if after else "ASC"
    sql = f"SELECT body FROM objects WHERE {' AND '.join(conditions)} ORDER BY seq {order} LIMIT ?"
    found = [json.loads(row["body"]) for row in call.store.rows(sql, *args, limit + 1)]
    data = found[:limit] if order == "DESC" else found[:limit][::-1]
    shown = [expanded(call, fresh(call, item), "data.") for item in data]
    return {"object": "list", "url": url, "has_more": len(found) > limit, "data": shown}


def _position(call: Call, cursor: str, param: str) -> int:
    found = call.store.rows("SELECT seq FROM objects WHERE id = ?", cursor)
    if not found:
        raise no_such("object", cursor, param)
    return int(found[0]["seq"])


def fresh(call: Call, body: Json) -> Json:
    """A balance transaction becomes `available` by the clock alone."""
    if body["object"] == "balance_transaction" and body["available_on"] <= call.store.now():
        return {**body, "status": "available"}
    return body


def expanded(call: Call, body: Json, prefix: str = "") -> Json:
    """The object with the asked-for ids replaced by what they name, one level deep."""
    wanted = [str(name) for name in call.param("expand", [])]
    shown = dict(body)
    for name in wanted:
        field = name.removeprefix(prefix)
        if not name.startswith(prefix) or "." in field:
            continue
        if field not in body:
            raise invalid(f"This property cannot be expanded ({name}).", param="expand")
        named = str(body[field])
        kind = KINDS.get(named.split("_", maxsplit=1)[0])
        if kind is not None:
            shown[field] = call.store.find(kind, named) or named
    return shown
