"""From where a member looks at the catalogue: all facts that its prices go by, but for the wallet.

They are remembered, and every statement that is answered by them says beside its rows which version of the facts
is the one of now. When it is another, `Moved` is raised and the answer made again. So nothing is priced by
yesterday's tier, point value, policy or rate, and the facts cost no statement of their own. Days begin on a
quarter of an hour everywhere: until then what is in force by its day is in force.
"""

from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final
from uuid import UUID
from weakref import WeakValueDictionary

import orjson

from marketplace.kit import clock, database, stamps
from marketplace.kit.actor import Actor, ActorKind
from marketplace.storefront import queries
from marketplace.storefront.rules import Shopper

MOST: Final = 20_000
_POINT_VALUE = queries.POINT_VALUE.replace("$2", "{moment}")
_SCHEME = queries.SCHEME.replace("$2", "{moment}")
_POLICY = queries.POLICY.format(country="member.country").replace("$2", "{moment}")
_FACTS: Final = f"""
SELECT row_to_json(facts)::text AS facts, {{version}} AS version, least(
    (SELECT min(valid_from) FROM redemption_policy p
        WHERE p.program_id = facts.program_id AND valid_from > {{moment}}),
    (SELECT min(valid_from) FROM tier_scheme s
        WHERE s.program_id = facts.program_id AND valid_from > {{moment}}),
    (SELECT min(as_of) FROM fx_rate WHERE as_of > {{moment}})) AS until
FROM (
    SELECT program.id AS program_id, 'PTS-' || program.code AS unit, program.home_currency, program.countries,
        value.value::text AS point_value, value.valid_from AS point_value_from, policy.facts AS policy,
        member.country, member.segments, member.languages, tier.name AS tier_name,
        coalesce(tier.rank, 0) AS tier_rank, {queries.DISCOUNT} AS discount_bp,
        scheme.margin_bp, scheme.max_discount_points, program.limits IS NOT NULL AS limited,
        {stamps.stamp("prices")} AS prices,
        (SELECT max(as_of) FROM fx_rate WHERE as_of <= {{moment}}) AS rates_as_of
    FROM member JOIN program ON program.id = member.program_id
        LEFT JOIN tier_level tier ON tier.id = member.tier_id {_SCHEME} {_POINT_VALUE} {_POLICY}
    WHERE member.id = {{member}} AND member.status = 'ACTIVE'
) facts"""
_VERSION: Final = f"""(
    SELECT member.xmin::text || ' ' || {stamps.stamp("prices")} FROM member
    WHERE member.id = {{member}} AND member.status = 'ACTIVE')"""
"""What changes when any of the facts do: the member's row, or a noted change. Null for one who has left."""


class Moved(Exception):
    """The facts are not what they were; those of now are remembered, if there are any."""


@dataclass(eq=False, slots=True, weakref_slot=True)
class Standpoint:
    """What is the same for all members of one tier, country, arm, language and so on of a program."""

    facts: str
    arm: str | None


@dataclass(eq=False, slots=True)
class Standing:
    """A member at their standpoint, as a version of the facts says until a moment; it was so at `seen_at`."""

    actor: Actor
    standpoint: Standpoint
    shopper: Shopper
    version: str
    until: datetime
    seen_at: datetime

    def must_hold(self, version: str | None) -> None:
        """Raise Moved unless the facts are the same still; then they are asked for the next time."""
        now = clock.now()
        if version != self.version or now >= self.until:
            _standings.pop(self.actor.id, None)
            raise Moved
        self.seen_at = now

    async def must_hold_now(self) -> None:
        """The same, for an answer that had no row to tell."""
        self.must_hold(await database.value(f"SELECT {_VERSION.format(member='$1')}", self.actor.id))


_NOT_THE_SHOPPERS: Final = ("prices", "rates_as_of", "languages", "limited")
NEVER: Final = datetime.max.replace(tzinfo=UTC)
_standings: OrderedDict[UUID, Standing] = OrderedDict()
_standpoints: WeakValueDictionary[tuple[str, str | None], Standpoint] = WeakValueDictionary()


def recall(actor: Actor) -> Standing | None:
    """Where a member stood when we last saw, if that is known and they have the same token's facts."""
    found = _standings.get(actor.id)
    return found if found is not None and (found.actor is actor or found.actor == actor) else None


async def stand(actor: Actor) -> Standing | None:
    """Where a member stands now; None for anybody else, for one who has left, and where a program limits its
    members: what is left of a limit goes by each of them.
    """
    if actor.kind is not ActorKind.MEMBER:
        return None
    return recall(actor) or await _ask(actor)


def version(bind: Callable[[object], str], member: object) -> str:
    """The version of a member's facts, as a column of a statement."""
    return f'{_VERSION.format(member=bind(member))} AS "facts"'


async def _ask(actor: Actor) -> Standing | None:
    moment = clock.now()
    version = _VERSION.format(member="$1")
    row = await database.row(_FACTS.format(member="$1", moment="$2", version=version), actor.id, moment)
    facts: str = row["facts"] if row else "{}"
    known: dict[str, Any] = orjson.loads(facts)
    if row is None or known["limited"] or tuple(known["languages"]) != actor.languages:
        return None
    told = {name: value for name, value in known.items() if name not in _NOT_THE_SHOPPERS}
    shopper = queries.shopper_of_facts(told, actor.id)
    key = (facts, shopper.policy.arm)
    standpoint = _standpoints.get(key)
    if standpoint is None:
        standpoint = _standpoints[key] = Standpoint(*key)
    until = min(row["until"] or NEVER, clock.next_quarter(moment))
    standing = _standings[actor.id] = Standing(actor, standpoint, shopper, row["version"], until, moment)
    while len(_standings) > MOST:
        _standings.popitem(last=False)
    return standing
