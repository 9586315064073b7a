"""Which room listens to which facts of a lower room. The handlers run in the transaction of the fact."""

from marketplace.access.facts import ApiKeyIssued
from marketplace.access.models import KeyOwner
from marketplace.app import rooms
from marketplace.kit import facts
from marketplace.kit.refusals import NotFound
from marketplace.members import queries as members
from marketplace.partners import queries as partners


def wire() -> None:
    """Register every job, and every handler with the fact it waits for."""
    rooms.load_jobs()
    facts.on(ApiKeyIssued, owner_must_exist)


async def owner_must_exist(issued: ApiKeyIssued) -> None:
    """A key belongs to a partner or a program that is there; raises NotFound."""
    if issued.owner_kind is KeyOwner.PARTNER and not await partners.exists(issued.owner_id):
        raise NotFound(what="partner")
    if issued.owner_kind is KeyOwner.PROGRAM and not await members.program_exists(issued.owner_id):
        raise NotFound(what="program")
