"""The demo's tokens: for two members, a partner, a program and two operators. The same ones on every start.

Keys are derived from this installation's own secret, so nothing that opens a door is checked in or kept in clear.
"""

from dataclasses import dataclass
from datetime import timedelta
from typing import Final
from uuid import UUID

from marketplace.access import steps
from marketplace.access.dev_issuer import DevIssuer
from marketplace.access.models import ApiKey, KeyOwner
from marketplace.access.rules import KeyText, grantable
from marketplace.app.demo.members import MemberSeed, members
from marketplace.app.demo.world import AUDIENCE
from marketplace.kit import clock, database, vault
from marketplace.kit.ids import new_id

PARTNER: Final = "starbucks"
"""Slug of the partner that the demo speaks for."""
PROGRAM: Final = "NORTH"
OPERATORS: Final = {"Demo operator": ("admin",), "Demo controller": ("finance",)}
"""Two of them, because an adjustment needs a second person."""
LIFETIME = timedelta(days=90)


@dataclass(frozen=True, slots=True)
class Tokens:
    """Bearer tokens by whom they speak for; `others` are for a closer look."""

    member: str
    partner: str
    program: str
    operator: str
    others: dict[str, str]


async def tokens(issuer: DevIssuer) -> Tokens:
    """Everybody's token; makes the keys and operators that are not there yet."""
    operators = [
        await _key(KeyOwner.OPERATOR, await operator_id(name, roles), roles) for name, roles in OPERATORS.items()
    ]
    partner = await database.value("SELECT id FROM partner WHERE slug = $1", PARTNER)
    keys = {
        code: await _key(KeyOwner.PROGRAM, key)
        for code, key in [(row["code"], row["id"]) for row in await database.rows("SELECT id, code FROM program")]
    }
    first, *rest = _speakers()
    others = {_called(member): _member(issuer, member) for member in rest}
    others |= {f"program {code}": text for code, text in keys.items() if code != PROGRAM}
    others["controller"] = operators[1]
    partner_key = await _key(KeyOwner.PARTNER, partner)
    return Tokens(_member(issuer, first), partner_key, keys[PROGRAM], operators[0], others)


def _speakers() -> list[MemberSeed]:
    """The first member of each program in each of its first two countries, Northern Lights' own first."""
    found: dict[tuple[str, str], MemberSeed] = {}
    for member in members():
        found.setdefault((member.program, member.country), member)
    wanted = (("NORTH", "SE"), ("NORTH", "NO"), ("NORTH", "NL"), ("KOPI", "MY"), ("ATLAS", "GB"), ("ATLAS", "KZ"))
    return [found[each] for each in wanted]


def _called(member: MemberSeed) -> str:
    return f"member {member.program} {member.country}"


def _member(issuer: DevIssuer, member: MemberSeed) -> str:
    return issuer.mint(member.program, member.reference, audience=AUDIENCE, lifetime=LIFETIME)


async def operator_id(name: str, roles: tuple[str, ...]) -> UUID:
    """An operator of the demo, made on first sight."""
    key = await database.value("SELECT id FROM operator WHERE name = $1", name)
    if key is None:
        key = new_id()
        await database.execute(
            "INSERT INTO operator (id, name, roles, active, created_at) "
            "VALUES ($1, $2, to_jsonb($3::text[]), true, $4)",
            key,
            name,
            list(roles),
            clock.now(),
        )
    return key


async def _key(owner: KeyOwner, owner_id: UUID, roles: tuple[str, ...] = ()) -> str:
    """The owner's demo key, made on first sight; it may do what such an owner may today."""
    digest = vault.fingerprint("demo-key", f"{owner.value}:{owner_id}")
    text = KeyText(digest[:16], vault.fingerprint("demo-secret", digest))
    scopes = grantable(owner, roles)
    if await database.value("SELECT 1 FROM api_key WHERE key_id = $1", text.key_id) is None:
        await steps.create_key(owner, owner_id, name="demo", scopes=scopes, text=text)
    else:
        await ApiKey.filter(key_id=text.key_id).update(scopes=sorted(scope.value for scope in scopes))
    return str(text)
