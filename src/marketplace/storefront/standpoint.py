"""From where a member looks at the catalogue: all facts that its prices go by, but for the wallet.

They are remembered, and every statement that is answered by them reads them again beside its rows. What differs is
told by `Moved`: then the answer is made again, by the facts as they are. So nothing is priced by yesterday's tier,
point value or rate, and the facts cost no statement of their own.
"""

from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final
from uuid import UUID
from weakref import WeakValueDictionary

import orjson

from marketplace.kit import changes, clock, database
from marketplace.kit.actor import Actor, ActorKind
from marketplace.storefront import queries
from marketplace.storefront.rules import Shopper

MOST: Final = 20_000
_POINT_VALUE = queries.POINT_VALUE.replace("$2", "{moment}")
_POLICY = queries.POLICY.format(country="member.country").replace("$2", "{moment}")
FACTS: Final = f"""(SELECT row_to_json(facts)::text FROM (
    SELECT program.id AS program_id, 'PTS-' || program.code AS unit, program.home_currency, program.countries,
        value.value::text AS point_value, value.valid_from AS point_value_from, policy.facts AS policy,
        member.country, member.segments,
        member.languages, tier.name AS tier_name, coalesce(tier.rank, 0) AS tier_rank,
        coalesce(tier.discount_bp, 0) AS discount_bp, {changes.stamp("rates")} AS rates,
        (SELECT max(as_of) FROM fx_rate WHERE as_of <= {{moment}}) AS rates_as_of
    FROM member JOIN program ON program.id = member.program_id
        LEFT JOIN tier_level tier ON tier.id = member.tier_id {_POINT_VALUE} {_POLICY}
    WHERE member.id = {{member}} AND member.status = 'ACTIVE'
) facts)"""
"""One column; `{{member}}` and `{{moment}}` are to be filled in. Null for nobody, or one who has left."""


class Moved(Exception):
    """The facts are not what they were; those of now are remembered, if there are any."""


@dataclass(eq=False, slots=True, weakref_slot=True)
class Standpoint:
    """What is the same for all members of one tier, country, arm, language and so on of a program."""

    facts: str
    arm: str | None


@dataclass(frozen=True, slots=True)
class Standing:
    """A member at their standpoint."""

    actor: Actor
    standpoint: Standpoint
    shopper: Shopper

    def must_hold(self, facts: str | None) -> None:
        """Raise Moved unless the facts are the same still, and remember what they are."""
        if facts == self.standpoint.facts:
            return
        _remember(self.actor, facts)
        raise Moved

    async def must_hold_now(self) -> None:
        """The same, for an answer that had no row to tell."""
        self.must_hold(await _ask(self.actor.id))


_NOT_THE_SHOPPERS: Final = ("rates", "rates_as_of", "languages")
_standings: OrderedDict[UUID, Standing] = OrderedDict()
_standpoints: WeakValueDictionary[tuple[str, str | None], Standpoint] = WeakValueDictionary()


def recall(actor: Actor) -> Standing | None:
    """Where a member stood when we last saw, if that is known and they have the same token's facts."""
    found = _standings.get(actor.id)
    return found if found is not None and found.actor == actor else None


async def stand(actor: Actor) -> Standing | None:
    """Where a member stands now; None for anybody else, and for one who has left."""
    if actor.kind is not ActorKind.MEMBER:
        return None
    return recall(actor) or _remember(actor, await _ask(actor.id))


def column(actor: Actor, bind: Callable[[object], str]) -> str:
    """The facts as a column of a statement."""
    return f'{FACTS.format(member=bind(actor.id), moment=bind(clock.now()))} AS "facts"'


async def _ask(member_id: UUID) -> str | None:
    facts = FACTS.format(member="$1", moment="$2")
    return await database.value(f"SELECT {facts}", member_id, clock.now())


def _remember(actor: Actor, facts: str | None) -> Standing | None:
    if facts is None or tuple(orjson.loads(facts)["languages"]) != actor.languages:
        _standings.pop(actor.id, None)
        return None
    told = {name: value for name, value in orjson.loads(facts).items() if name not in _NOT_THE_SHOPPERS}
    shopper = queries.shopper_of_facts(told, actor.id)
    key = (facts, shopper.policy.arm)
    standpoint = _standpoints.get(key)
    if standpoint is None:
        standpoint = _standpoints[key] = Standpoint(*key)
    standing = Standing(actor, standpoint, shopper)
    _standings[actor.id] = standing
    while len(_standings) > MOST:
        _standings.popitem(last=False)
    return standing
