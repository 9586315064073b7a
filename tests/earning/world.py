"""A program with rules, and what its server and its members say."""

from dataclasses import dataclass
from itertools import count
from typing import Any

from marketplace.members.models import Member, Program
from tests import builders
from tests.client import Caller, as_member, as_program

_n = count(1)
RULE = "... on EarningRule { id ruleCode state sentence warnings { code text } }"
EVENT = """... on EarningEvent { id reference state
    outcomes { ruleCode ruleVersion reason points whyNot } grants { points state side ruleCode pendingUntil } }"""
REVERSAL = (
    """... on EventReversal { points cancelledPoints takenPoints owedPoints forgivenPoints event { state } }"""
)
WALLET = "{ me { wallet { available pending owed held } } }"


def eur(amount: str) -> dict[str, str]:
    return {"amount": amount, "currency": "EUR"}


PER_EURO: dict[str, Any] = {
    "kind": "PER_AMOUNT", "events": ["PURCHASE", "REPEAT_PURCHASE"], "points": 1, "per": [eur("1")],
}  # fmt: skip
REVIEW: dict[str, Any] = {"kind": "FIXED", "events": ["REVIEW"], "points": 50}


@dataclass
class World:
    """One program (EUR, a point is worth 0.01), its server, one member and their phone."""

    program: Program
    server: Caller
    member: Member
    phone: Caller

    async def rule(self, code: Any = "", *, live: Any = True, budget: Any = None, **terms: Any) -> str:
        """Draft a rule, start it unless told otherwise; its id."""
        answer = await self.server.do(
            "draftRule", RULE, code=code or f"rule-{next(_n)}", objective="More visits", measure="EVENTS",
            budgetCode=budget, terms=terms,
        )  # fmt: skip
        assert answer["__typename"] == "EarningRule", answer
        if live:
            started = await self.server.do("startRule", RULE, ruleId=answer["id"])
            assert started["state"] == "LIVE"
        return answer["id"]

    def event(
        self, type: str = "PURCHASE", amount: str | dict[str, str] | None = None, **facts: Any
    ) -> dict[str, Any]:
        """The input of an event of the member."""
        told: dict[str, Any] = {
            "type": type,
            "reference": f"event-{next(_n)}",
            "member": {"memberId": f"member_{self.member.id.hex}"},
        }
        if amount is not None:
            told["amount"] = eur(amount) if isinstance(amount, str) else amount
        return told | facts

    async def tell(self, type: str = "PURCHASE", amount: str | dict[str, str] | None = None, **facts: Any) -> Any:
        """The member did something; the answer."""
        return await self.server.do("recordEvent", EVENT, event=self.event(type, amount, **facts))

    async def earns(self, type: str = "PURCHASE", amount: str | None = None, **facts: Any) -> int:
        """The member did something; the points it gave them, pending ones too."""
        answer = await self.tell(type, amount, **facts)
        assert answer["__typename"] == "EarningEvent", answer
        return sum(outcome["points"] for outcome in answer["outcomes"])

    async def wallet(self) -> dict[str, int]:
        """What the member's phone shows."""
        return (await self.phone.get(WALLET))["me"]["wallet"]

    async def back(self, reference: str, amount: str | dict[str, str] | None = None, **facts: Any) -> Any:
        """A purchase went back, or so many EUR of it."""
        given: dict[str, Any] = {"amount": eur(amount) if isinstance(amount, str) else amount} if amount else {}
        return await self.server.do(
            "reverseEvent", REVERSAL, reference=reference, reason="Sent back",
            **({"reversalReference": f"return-{next(_n)}"} | given | facts),
        )  # fmt: skip


async def a_world(*, tier: str | None = None, **facts: Any) -> World:
    """A program with one member."""
    program = await builders.a_program(**facts)
    member = await builders.a_member(program, tier=tier)
    return World(program, as_program(program.id), member, as_member(member.id, program.id))


async def another(world: World, tier: str | None = None) -> World:
    """The same program as another member of it."""
    member = await builders.a_member(world.program, tier=tier)
    return World(world.program, world.server, member, as_member(member.id, world.program.id))
