"""How one amount that is owed came about, from the rows of its day: contract, rate, rounding, transfers."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from marketplace.kit import database
from marketplace.kit.money import BASIS_POINTS, Money, minor_digits
from marketplace.ledger.queries import NoRate, fx_rate
from marketplace.partners.models import Accrual, AccrualKind, Contract

_MOVED = """
SELECT t.id, t.journal_id, d.owner_kind AS debit_owner, d.purpose AS debit, c.owner_kind AS credit_owner,
    c.purpose AS credit, t.unit, t.amount
FROM transfer t JOIN account d ON d.id = t.debit_account_id JOIN account c ON c.id = t.credit_account_id
WHERE t.journal_id = ANY ($1) ORDER BY t.id"""
_FUNDED = """
SELECT r.id, r.home_currency, r.home_minor, r.discount_minor, r.partner_discount_minor, r.card_minor
FROM redemption r WHERE r.id = ANY ($1)"""


@dataclass(frozen=True, slots=True)
class Step:
    """One step of the arithmetic: its formula in figures, what it exactly gives, and what that was rounded to."""

    what: str
    formula: str
    exact: Decimal
    rounded: Money


@dataclass(frozen=True, slots=True)
class RateOfDay:
    """The exchange rate that was used: units of the partner's currency for one of the program's."""

    rate: Decimal
    source: str
    as_of: datetime | None


@dataclass(frozen=True, slots=True)
class Funding:
    """Who paid for a sale, in the program's home currency."""

    charged: Money
    discount: Money
    borne_by_partner: Money
    borne_by_program: Money
    paid_by_card: Money


@dataclass(frozen=True, slots=True)
class Moved:
    """One transfer of the ledger."""

    debit_owner: str
    debit: str
    credit_owner: str
    credit: str
    amount: Money


@dataclass(frozen=True, slots=True)
class Explained:
    """All that there is to say of one accrual."""

    accrual: Accrual
    contract: Contract
    sale: Accrual | None
    rate: RateOfDay | None
    funding: Funding | None
    steps: tuple[Step, ...]
    transfers: tuple[Moved, ...]

    @property
    def redemption_id(self) -> UUID | None:
        """The redemption that it is of, if it is of one."""
        of = self.sale or self.accrual
        return of.ref_id if of.ref_type == "redemption" else None


async def explained(accruals: Sequence[Accrual]) -> list[Explained]:
    """Explain some accruals, each from the rows of its day."""
    contracts = {row.id: row for row in await Contract.filter(id__in={each.contract_id for each in accruals})}
    reversed_ids = {each.reverses_id for each in accruals if each.reverses_id}
    sales = {row.id: row for row in await Accrual.filter(id__in=reversed_ids)}
    moved = await _moved([each.journal_id for each in accruals])
    of_redemptions = [(sales.get(each.reverses_id) if each.reverses_id else each) for each in accruals]
    funded = await _funded([each.ref_id for each in of_redemptions if each and each.ref_type == "redemption"])
    found: list[Explained] = []
    for accrual, sale in zip(accruals, of_redemptions, strict=True):
        contract = contracts[accrual.contract_id]
        found.append(
            Explained(
                accrual=accrual,
                contract=contract,
                sale=sale if sale is not accrual else None,
                rate=await _rate(sale or accrual),
                funding=funded.get(sale.ref_id) if sale else None,
                steps=tuple(steps(accrual, contract)),
                transfers=tuple(moved.get(accrual.journal_id, ())),
            )
        )
    return found


async def _moved(journals: list[UUID]) -> dict[UUID, list[Moved]]:
    found: dict[UUID, list[Moved]] = {}
    for row in await database.rows(_MOVED, journals):
        money = Money(row["amount"], row["unit"])
        each = Moved(row["debit_owner"], row["debit"], row["credit_owner"], row["credit"], money)
        found.setdefault(row["journal_id"], []).append(each)
    return found


async def _funded(redemptions: list[UUID]) -> dict[UUID, Funding]:
    return {row["id"]: _funding(row) for row in await database.rows(_FUNDED, redemptions)}


def _funding(row: dict[str, Any]) -> Funding:
    def money(minor: int) -> Money:
        return Money(minor, row["home_currency"])

    return Funding(
        charged=money(row["home_minor"]),
        discount=money(row["discount_minor"]),
        borne_by_partner=money(row["partner_discount_minor"]),
        borne_by_program=money(row["discount_minor"] - row["partner_discount_minor"]),
        paid_by_card=money(row["card_minor"] or 0),
    )


async def _rate(accrual: Accrual) -> RateOfDay | None:
    """The rate that the row keeps, with who stated it and when; None when nothing was exchanged."""
    if accrual.source_currency == accrual.currency:
        return None
    try:
        stated = await fx_rate(accrual.source_currency, accrual.currency, accrual.booked_at)
    except NoRate:
        return RateOfDay(accrual.fx_rate, "not kept any more", None)
    return RateOfDay(accrual.fx_rate, stated.source, stated.as_of)


def steps(accrual: Accrual, contract: Contract) -> list[Step]:
    """The arithmetic of an accrual, in figures; a refund and a charge have one step."""
    unit = accrual.currency
    gross, commission = Money(accrual.gross_minor, unit), Money(accrual.commission_minor, unit)
    vat, net = Money(accrual.vat_minor, unit), Money(accrual.net_minor, unit)
    last = Step("net", f"{gross.amount} - {commission.amount} - {vat.amount}", net.amount, net)
    if accrual.kind not in (AccrualKind.SALE, AccrualKind.DONATION):
        return [last]
    found: list[Step] = []
    if accrual.source_currency != unit:
        source = Money(accrual.source_minor, accrual.source_currency)
        exact = source.amount * accrual.fx_rate
        found.append(Step("gross", f"{source} x {accrual.fx_rate.normalize():f}", exact, gross))
    rate = accrual.commission_bp if accrual.commission_bp is not None else contract.commission_bp
    shares = ("commission", gross, rate, commission), ("vat", commission, contract.vat_bp, vat)
    for what, of, share, rounded in shares:
        exact = of.amount * share / BASIS_POINTS
        found.append(Step(what, f"{of.amount} x {Decimal(share) / 100:f} %", _short(exact, unit), rounded))
    return [*found, last]


def _short(exact: Decimal, currency: str) -> Decimal:
    """As many decimals as shares in basis points can have."""
    return exact.quantize(Decimal(1).scaleb(-minor_digits(currency) - 4)).normalize()
