"""What must always be true of partners, contracts and accruals."""

from collections.abc import AsyncIterator

from marketplace.kit import database
from marketplace.kit.checks import Check, Violation, first_new

_UNAGREED = """
SELECT p.id, p.name FROM partner p
WHERE p.status = 'APPROVED' AND NOT EXISTS (SELECT FROM contract c WHERE c.partner_id = p.id)"""

_GENEROUS_CHARITIES = """
SELECT c.id, p.name FROM contract c JOIN partner p ON p.id = c.partner_id
WHERE p.kind = 'CHARITY' AND c.tier_discount_share_bp > 0"""

_FOREIGN_TERMS = """
SELECT a.id, a.currency, c.currency AS agreed, a.effective_on, c.valid_from, c.valid_until
FROM accrual a JOIN contract c ON c.id = a.contract_id
WHERE a.id >= $1 AND (a.partner_id <> c.partner_id OR a.currency <> c.currency
   OR (a.kind IN ('SALE', 'DONATION') AND NOT daterange(c.valid_from, c.valid_until) @> a.effective_on))"""

UNBOOKED = """
SELECT a.id, a.net_minor, coalesce(booked.credited, 0) AS credited
FROM accrual a LEFT JOIN LATERAL (
    SELECT sum(CASE WHEN t.credit_account_id = k.id THEN t.amount ELSE -t.amount END) AS credited
    FROM transfer t JOIN account k ON k.id IN (t.credit_account_id, t.debit_account_id)
    WHERE t.journal_id = a.journal_id
      AND k.owner_kind = 'PARTNER' AND k.owner_id = a.partner_id AND k.purpose = 'PAYABLE' AND k.unit = a.currency
) booked ON true
WHERE a.id >= $1 AND a.net_minor <> coalesce(booked.credited, 0)"""

_TAKEN_BACK = """
SELECT s.id, s.gross_minor, sum(r.gross_minor) AS back FROM accrual s JOIN accrual r ON r.reverses_id = s.id
WHERE s.id IN (SELECT reverses_id FROM accrual n WHERE n.id >= $1 AND n.reverses_id IS NOT NULL) GROUP BY s.id
HAVING s.kind NOT IN ('SALE', 'DONATION') OR NOT bool_and(r.kind = 'REFUND' AND r.partner_id = s.partner_id
        AND r.currency = s.currency AND r.source_currency = s.source_currency)
    OR s.gross_minor + sum(r.gross_minor) < 0 OR s.net_minor + sum(r.net_minor) < 0
    OR s.commission_minor + sum(r.commission_minor) < 0 OR s.vat_minor + sum(r.vat_minor) < 0
    OR s.source_minor + sum(r.source_minor) < 0
UNION ALL
SELECT id, gross_minor, 0 FROM accrual WHERE id >= $1 AND (kind = 'REFUND') <> (reverses_id IS NOT NULL)"""


async def check_approved_have_contract() -> AsyncIterator[Violation]:
    """Whoever may publish has agreed how it is paid."""
    for row in await database.rows(_UNAGREED):
        yield Violation(
            "partners.approved_have_contract", f"partner {row['id']}", f"{row['name']} has no contract"
        )


async def check_charities_bear_no_discounts() -> AsyncIterator[Violation]:
    """What is given to a charity reaches it whole, whatever a tier takes off the points."""
    for row in await database.rows(_GENEROUS_CHARITIES):
        detail = f"{row['name']} would bear a part of tier discounts"
        yield Violation("partners.charities_bear_no_discounts", f"contract {row['id']}", detail)


async def check_accruals_keep_to_contract() -> AsyncIterator[Violation]:
    """A sale is owed under the partner's own contract of its day, in that contract's currency."""
    for row in await database.rows(_FOREIGN_TERMS, first_new()):
        yield Violation(
            "partners.accruals_keep_to_contract",
            f"accrual {row['id']}",
            f"{row['currency']} on {row['effective_on']}, contract in {row['agreed']} "
            f"from {row['valid_from']} until {row['valid_until']}",
        )


async def check_accruals_are_booked() -> AsyncIterator[Violation]:
    """An accrual's net is what its journal credited to the partner's payable account."""
    for row in await database.rows(UNBOOKED, first_new()):
        yield Violation(
            "partners.accruals_are_booked",
            f"accrual {row['id']}",
            f"net {row['net_minor']}, booked {row['credited']}",
        )


async def check_refunds_keep_within_sales() -> AsyncIterator[Violation]:
    """Each refund takes back a part of one sale of the same partner, and all of them together no more than it."""
    for row in await database.rows(_TAKEN_BACK, first_new()):
        yield Violation(
            "partners.refunds_keep_within_sales",
            f"accrual {row['id']}",
            f"gross {row['gross_minor']}, taken back {row['back']}",
        )


CHECKS: tuple[Check, ...] = (
    check_approved_have_contract,
    check_charities_bear_no_discounts,
    check_accruals_keep_to_contract,
    check_accruals_are_booked,
    check_refunds_keep_within_sales,
)
