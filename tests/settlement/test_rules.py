"""The arithmetic of settlement, for any figures."""

from datetime import date, timedelta

from hypothesis import given
from hypothesis import strategies as st

from marketplace.partners.models import PartnerStatus, Schedule
from marketplace.partners.rules import shares
from marketplace.settlement import rules
from marketplace.settlement.models import LineKind, PayoutReason, PayoutState
from marketplace.settlement.rules import Parts, Payee

MINOR = st.integers(-(10**12), 10**12)
DAYS = st.dates(date(2020, 1, 1), date(2100, 1, 1))
SALES = st.tuples(st.integers(0, 10**9), st.integers(0, 10_000), st.integers(0, 10_000), st.booleans())
PAYEES = st.builds(
    Payee,
    status=st.sampled_from(list(PartnerStatus)),
    minimum_minor=st.integers(0, 10**6),
    has_account=st.booleans(),
    account_ready=st.booleans(),
    requirements=st.just(("external_account",)),
)
NEXT = date(2027, 3, 1)


def line(gross: int, commission_bp: int, vat_bp: int, is_refund: bool) -> Parts:
    parts = shares(gross, commission_bp, vat_bp)
    sign, kind = (-1, LineKind.REFUNDS) if is_refund else (1, LineKind.SALES)
    return Parts(kind, sign * parts.gross, sign * parts.commission, sign * parts.vat, sign * parts.net)


@given(st.lists(SALES), st.lists(MINOR))
def test_a_period_is_the_sum_of_its_nets(sales: list[tuple[int, int, int, bool]], corrections: list[int]) -> None:
    lines = [line(*sale) for sale in sales]
    lines += [Parts(LineKind.ADJUSTMENTS, amount, 0, 0, amount) for amount in corrections]

    totals = rules.totals(lines)

    assert totals.period == sum(each.net for each in lines)
    assert totals.adjustments == sum(corrections)


@given(st.lists(SALES), st.integers(0, 100))
def test_how_accruals_are_grouped_changes_no_total(sales: list[tuple[int, int, int, bool]], cut: int) -> None:
    lines = [line(*sale) for sale in sales]

    def together(part: list[Parts]) -> list[Parts]:
        sums = [sum(getattr(each, name) for each in part) for name in ("gross", "commission", "vat", "net")]
        return [Parts(LineKind.SALES, *sums)]

    assert rules.totals(together(lines[:cut]) + together(lines[cut:])) == rules.totals(lines)


@given(SALES)
def test_nothing_is_lost_between_gross_and_its_shares(sale: tuple[int, int, int, bool]) -> None:
    parts = line(*sale)
    assert parts.net + parts.commission + parts.vat == parts.gross
    assert parts.net * parts.gross >= 0


@given(MINOR, PAYEES)
def test_only_what_is_above_zero_goes_to_a_ready_account_and_all_else_says_why(closing: int, payee: Payee) -> None:
    decision = rules.decide(closing, payee, NEXT)

    payable = (
        closing > 0
        and closing >= payee.minimum_minor
        and payee.status == PartnerStatus.APPROVED
        and payee.has_account
        and payee.account_ready
    )
    assert (decision.state is PayoutState.PLANNED) == payable
    assert (decision.reason is None) == (decision.not_before is None) == payable
    assert decision.state in {PayoutState.PLANNED, PayoutState.CARRIED}


def test_the_first_reason_that_applies_is_given() -> None:
    ready = Payee(PartnerStatus.APPROVED, 100, True, True)
    reasons = {
        PayoutReason.NEGATIVE_BALANCE: (-1, ready),
        PayoutReason.NOTHING_DUE: (0, ready),
        PayoutReason.PARTNER_SUSPENDED: (1, Payee(PartnerStatus.SUSPENDED, 100, True, True)),
        PayoutReason.BELOW_MINIMUM: (99, Payee(PartnerStatus.APPROVED, 100, False, False)),
        PayoutReason.NO_PAYOUT_ACCOUNT: (100, Payee(PartnerStatus.APPROVED, 100, False, False)),
        PayoutReason.ACCOUNT_NOT_READY: (100, Payee(PartnerStatus.APPROVED, 100, True, False, ("tos",))),
    }
    for reason, (closing, payee) in reasons.items():
        assert rules.decide(closing, payee, NEXT).reason is reason
    assert rules.decide(100, ready, NEXT).state is PayoutState.PLANNED


@given(DAYS, st.sampled_from(list(Schedule)))
def test_the_next_run_begins_after_the_period_in_which_today_is(today: date, schedule: Schedule) -> None:
    run = rules.next_run(schedule, today)

    assert run > today
    assert rules.last_period_end(schedule, run) == run - timedelta(days=1)
    assert rules.last_period_end(schedule, today) < today
    assert rules.next_run(schedule, rules.last_period_end(schedule, today)) <= today
    assert run.weekday() == 0 if schedule is Schedule.WEEKLY else run.day == 1


def test_numbers_and_shares_read_as_people_write_them() -> None:
    assert rules.number("tim-hortons", date(2026, 11, 30), 7) == "ST-TIM-HORTONS-2026-0007"
    assert [rules.percent(bp) for bp in (0, 800, 1250, 2100, 10_000, 5)] == [
        "0 %",
        "8 %",
        "12.5 %",
        "21 %",
        "100 %",
        "0.05 %",
    ]
