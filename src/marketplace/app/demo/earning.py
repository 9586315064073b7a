"""What the demo's programs give points for: a few rules each, live from the first day."""

from dataclasses import dataclass
from decimal import Decimal

from marketplace.app.demo import data, prices
from marketplace.app.demo.programs import PROGRAMS
from marketplace.earning.operations import (
    AddToBudget,
    ChangeRuleState,
    DraftRule,
    add_to_budget,
    draft_rule,
    start_rule,
)
from marketplace.earning.terms import Multiplier, Rise, Terms
from marketplace.earning.words import EventType, Kind, Measure, Period
from marketplace.kit.actor import Actor
from marketplace.kit.money import Money

SATURDAY = 6


@dataclass(frozen=True, slots=True)
class RuleSeed:
    """One rule: what it is for, what it says, and how many points it may give in all."""

    code: str
    objective: str
    measure: Measure
    terms: Terms
    budget: int | None = None


def rules_of(program: str) -> list[RuleSeed]:
    """The rules of a program. Every market's currency earns alike: about one euro a step."""
    seed = PROGRAMS[program]
    euro = Money(prices.round_amount(Decimal(1), seed.home_currency), seed.home_currency)
    scale = max(1, int(euro.amount / 100 / seed.point_value))
    currencies = sorted({data.markets()[country].currency for country in seed.countries})
    per = tuple(Money(prices.round_amount(Decimal(1), currency), currency) for currency in currencies)
    bought = (EventType.PURCHASE, EventType.REPEAT_PURCHASE)
    return [
        RuleSeed(
            "every-purchase", "Thank every customer", Measure.AMOUNT,
            Terms(
                kind=Kind.PER_AMOUNT, events=bought, points=scale, per=per,
                multipliers=(Multiplier(factor_bp=20_000, tiers=("gold", "platinum", "diamond")),),
            ),
        ),
        RuleSeed(
            "till-scan", "Bring people into the shop on Saturdays", Measure.EVENTS,
            Terms(
                kind=Kind.FIXED, events=(EventType.TILL_SCAN,), points=10 * scale,
                cap_times=1, cap_period=Period.DAY,
                multipliers=(Multiplier(factor_bp=20_000, weekdays=(SATURDAY,)),),
                rise=Rise(step_bp=1000, most_bp=15_000),
            ),
        ),
        RuleSeed(
            "three-visits", "Make coming back a habit", Measure.PARTICIPANTS,
            Terms(
                kind=Kind.GOAL_TIMES, events=bought, points=100 * scale, goal_times=3, goal_period=Period.MONTH,
            ),
            budget=20_000 * scale,
        ),
        RuleSeed(
            "review", "Hear what people think", Measure.EVENTS,
            Terms(
                kind=Kind.FIXED, events=(EventType.REVIEW, EventType.SURVEY), points=50 * scale, cap_times=2,
                cap_period=Period.MONTH, pending_days=7,
            ),
        ),
        RuleSeed(
            "bring-a-friend", "Grow by friends", Measure.REFERRALS,
            Terms(kind=Kind.REFERRAL, events=bought, points=200 * scale, referrer_points=300 * scale),
        ),
        RuleSeed(
            "anniversary", "Celebrate loyalty", Measure.PARTICIPANTS,
            Terms(kind=Kind.FIXED, events=(EventType.ANNIVERSARY,), points=150 * scale, custom_name="anniversary"),
        ),
    ]  # fmt: skip


async def state_rules(programs: dict[str, Actor]) -> None:
    """Every program drafts its rules and starts them."""
    for code, server in programs.items():
        for seed in rules_of(code):
            key = f"demo:rule:{code}:{seed.code}"
            if seed.budget:
                await add_to_budget(
                    server,
                    AddToBudget(
                        idempotency_key=f"{key}:budget", code=seed.code, points=seed.budget, reference="opening"
                    ),
                )
            command = DraftRule(
                idempotency_key=key,
                code=seed.code,
                objective=seed.objective,
                measure=seed.measure,
                target=None,
                budget_code=seed.code if seed.budget else None,
                terms=seed.terms,
            )
            rule = await draft_rule(server, command)
            await start_rule(server, ChangeRuleState(idempotency_key=f"{key}:start", rule_id=rule.id))
