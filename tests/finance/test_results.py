"""Results of a period are differences of two trial balances; exchange is realised when the partner is paid."""

from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from marketplace.finance import results
from marketplace.kit import clock
from marketplace.ledger.balances import AsOf, trial_balance
from marketplace.settlement.models import Payout, PayoutState
from tests import builders
from tests.client import as_operator
from tests.settlement.books import a_funded_program, refund, sell, settle

pytestmark = pytest.mark.usefixtures("db")

FINANCE = as_operator(UUID(int=8), "finance")
DAY = timedelta(days=1)
MONEY = "{ amount currency }"
RESULTS = f"""query($from: Date!, $until: Date!) {{ financialResults(from: $from, until: $until) {{
  lines {{ ownerKind purpose unit debits credits net }}
  exchange {{ converted {MONEY} convertedInto {MONEY} averageRate settled {MONEY} settledInto {MONEY}
    realised {MONEY} open {MONEY} openInto {MONEY} closingRate unrealised {MONEY} }} }} }}"""


async def asked(first: date, until: date) -> Any:
    variables: dict[str, Any] = {"from": str(first), "until": str(until)}
    return (await FINANCE.get(RESULTS, **variables))["financialResults"]


async def test_the_lines_are_differences_of_two_trial_balances():
    program, partner = await a_funded_program(), await builders.a_partner()
    await sell(program, partner, 20_00, days_ago=20)
    first = await sell(program, partner, 10_00, days_ago=5)
    await refund(program, first, days_ago=4)
    await sell(program, partner, 30_00, days_ago=3)
    begin, end = clock.today() - 10 * DAY, clock.today()

    found = await asked(begin, end)

    commission = next(line for line in found["lines"] if line["purpose"] == "COMMISSION")
    assert (commission["debits"], commission["credits"], commission["net"]) == ("0.80", "3.20", "2.40")
    before = {(x.owner_kind, x.purpose, x.unit): x for x in await trial_balance(AsOf(effective_on=begin - DAY))}
    for line in await trial_balance(AsOf(effective_on=end)):
        was = before.get((line.owner_kind, line.purpose, line.unit))
        moved = (line.debits - (was.debits if was else 0), line.credits - (was.credits if was else 0))
        said = [
            (each.debits, each.credits)
            for each in await results.earned(begin, end)
            if (each.owner_kind, each.purpose, each.unit) == (line.owner_kind, line.purpose, line.unit)
        ]
        if line.purpose in results.EARNED and moved != (0, 0):
            assert said == [moved]
        else:
            assert said == []


def days_ago(days: int) -> datetime:
    return clock.now() - days * DAY


async def test_a_pair_is_realised_at_the_rate_of_the_day_it_was_paid():
    for days, rate in ((40, "1.10"), (12, "1.20"), (2, "1.30")):
        await builders.a_rate("EUR", "USD", rate, as_of=days_ago(days))
    program, partner = await a_funded_program(), await builders.a_partner(currency="USD")
    await sell(program, partner, 100_00, days_ago=30)
    back = await sell(program, partner, 50_00, days_ago=29)
    await refund(program, back, days_ago=28)
    with clock.travel(-14 * DAY):
        (statement,) = await settle()
    await Payout.filter(statement_id=statement.id).update(state=PayoutState.IN_BANK.value, sent_at=days_ago(10))
    await sell(program, partner, 200_00, days_ago=8)

    (pair,) = (await asked(clock.today() - 15 * DAY, clock.today()))["exchange"]

    euros, dollars = (
        {"amount": amount, "currency": currency} for amount, currency in (("200.00", "EUR"), ("240.00", "USD"))
    )
    assert (pair["converted"], pair["convertedInto"], pair["averageRate"]) == (euros, dollars, "1.200000")
    assert (pair["settled"]["amount"], pair["settledInto"]["amount"]) == ("100.00", "110.00")
    assert pair["realised"] == {"amount": "10.00", "currency": "USD"}
    assert (pair["open"], pair["openInto"]) == (euros, dollars)
    assert pair["unrealised"] == {"amount": "20.00", "currency": "USD"}

    (earlier,) = (await asked(clock.today() - 35 * DAY, clock.today() - 20 * DAY))["exchange"]
    assert earlier["realised"]["amount"] == "0.00"
    assert (earlier["open"]["amount"], earlier["unrealised"]["amount"]) == ("100.00", "0.00")


async def test_the_pairs_are_the_balances_of_the_exchange_accounts():
    await builders.a_rate("EUR", "USD", "1.10", as_of=days_ago(40))
    await builders.a_rate("EUR", "JPY", "160", as_of=days_ago(40))
    program = await a_funded_program()
    for currency, minor in (("USD", 33_33), ("JPY", 12_34), ("EUR", 5_00)):
        await sell(program, await builders.a_partner(currency=currency), minor)

    pairs = await results.exchanged(clock.today() - 10 * DAY, clock.today())

    standing: dict[str, int] = {}
    for pair in pairs:
        standing[pair.source] = standing.get(pair.source, 0) + pair.converted_received
        standing[pair.target] = standing.get(pair.target, 0) - pair.converted_owed
    booked = await trial_balance(AsOf(effective_on=clock.today()))
    assert standing == {line.unit: line.balance for line in booked if line.purpose == "FX"}
    assert len(pairs) == 2


async def test_a_period_that_ends_before_it_begins_is_refused():
    answer = await FINANCE.ask(RESULTS, **{"from": "2026-02-01", "until": "2026-01-01"})
    assert answer["errors"][0]["extensions"]["code"] == "BAD_USER_INPUT"
