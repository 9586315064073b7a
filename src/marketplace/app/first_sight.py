"""Enrolling a member the first time their token is seen, for programs that allow it."""

import hashlib
from collections.abc import Mapping
from typing import Any, cast

from marketplace.access.tokens import VerifiedToken
from marketplace.kit.actor import Actor, ActorKind, Scope
from marketplace.kit.refusals import Refusal, Unauthenticated
from marketplace.members.models import Member, Program
from marketplace.members.operations import EnrolMember, enrol_member
from marketplace.members.rules import is_language


async def enrol(program: Program, token: VerifiedToken) -> Member:
    """The member that the token's subject has become, enrolled in the program's name under that reference.

    Country and language come from the claims `country`, `address.country` and `locale`; a program
    with one market needs no country. Raises Unauthenticated when the claims do not suffice.
    """
    locale = _text(token.claims, "locale").replace("_", "-")
    command = EnrolMember(
        idempotency_key=f"first sight of {hashlib.sha256(token.subject.encode()).hexdigest()}",
        reference=token.subject,
        subject=token.subject,
        country=_country(token.claims, locale, program),
        languages=(locale,) if is_language(locale) else ("en",),
        name=_text(token.claims, "name"),
        email=_text(token.claims, "email"),
    )
    in_its_name = Actor(ActorKind.PROGRAM, program.id, frozenset({Scope.MEMBERS_ENROL}), program.id)
    try:
        return await enrol_member(in_its_name, command)
    except Refusal as refused:
        raise Unauthenticated(f"This token's subject cannot be enrolled: {refused.message}") from refused


def _country(claims: Mapping[str, Any], locale: str, program: Program) -> str:
    address = claims.get("address")
    said = _text(claims, "country") or (
        _text(cast("Mapping[str, Any]", address), "country") if isinstance(address, dict) else ""
    )
    region = locale.rpartition("-")[2] if "-" in locale else ""
    only = program.countries[0] if len(program.countries) == 1 else ""
    return (said or region or only).upper()


def _text(claims: Mapping[str, Any], name: str) -> str:
    value = claims.get(name)
    return value if isinstance(value, str) else ""
