"""Letting partners in, and stopping them."""

from typing import Any
from uuid import UUID

import pytest
from dirty_equals import IsPartialDict

from marketplace.kit import facts, ids
from marketplace.kit.ids import new_id
from marketplace.kit.models import AuditEntry
from marketplace.partners.facts import PartnerApproved
from marketplace.partners.models import Contract, Partner
from tests.builders import a_partner
from tests.client import as_operator

pytestmark = pytest.mark.usefixtures("db")

SHOWN = "... on Partner { status approvedAt } ... on PartnerStatusUnchanged { status }"


async def move(mutation: str, partner_id: UUID, role: str = "catalogue") -> dict[str, Any]:
    return await as_operator(new_id(), role).do(mutation, SHOWN, partnerId=ids.public("partner", partner_id))


async def test_an_approved_partner_can_publish_from_then_on() -> None:
    partner = await a_partner(status="PENDING")
    told: list[UUID] = []

    async def hear(fact: PartnerApproved) -> None:
        told.append(fact.partner_id)

    facts.on(PartnerApproved, hear)
    answer = await move("approvePartner", partner.id)

    assert answer == IsPartialDict(__typename="Partner", status="APPROVED")
    assert answer["approvedAt"] is not None
    assert told == [partner.id]
    assert await AuditEntry.filter(operation="approve_partner", subject_id=partner.id).count() == 1


async def test_without_a_contract_nobody_is_approved() -> None:
    partner = await a_partner(status="PENDING")
    await Contract.all().delete()

    answer = await move("approvePartner", partner.id)

    assert answer["__typename"] == "PartnerHasNoContract"
    assert (await Partner.get(id=partner.id)).status == "PENDING"
    assert await AuditEntry.all().count() == 0


async def test_an_approved_partner_is_not_approved_again() -> None:
    partner = await a_partner()

    answer = await move("approvePartner", partner.id)

    assert answer == IsPartialDict(__typename="PartnerStatusUnchanged", status="APPROVED")
    assert (await Partner.get(id=partner.id)).approved_at is None


async def test_a_suspended_partner_can_come_back() -> None:
    partner = await a_partner()

    stopped = await move("suspendPartner", partner.id)
    twice = await move("suspendPartner", partner.id)
    back = await move("approvePartner", partner.id)

    assert stopped == IsPartialDict(__typename="Partner", status="SUSPENDED")
    assert twice == IsPartialDict(__typename="PartnerStatusUnchanged", status="SUSPENDED")
    assert back == IsPartialDict(__typename="Partner", status="APPROVED")


async def test_an_unknown_partner_cannot_be_approved() -> None:
    answer = await move("approvePartner", new_id())

    assert answer == IsPartialDict(__typename="NotFound", message="There is no such partner.")


async def test_finance_cannot_approve_partners() -> None:
    partner = await a_partner(status="PENDING")

    text = "mutation($input: ApprovePartnerInput!) { approvePartner(input: $input) { __typename } }"
    asked = {"idempotencyKey": "k", "partnerId": ids.public("partner", partner.id)}
    answer = await as_operator(new_id(), "finance").ask(text, input=asked)

    assert answer["errors"][0]["extensions"]["code"] == "FORBIDDEN"
    assert (await Partner.get(id=partner.id)).status == "PENDING"
