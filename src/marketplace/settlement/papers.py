"""A statement on paper: PDF, in the reader's language and number formats, set by Typst from data alone."""

from collections.abc import Sequence
from importlib.resources import files
from typing import Any, Final

from marketplace.kit import papers
from marketplace.kit.messages import counted, noted, word
from marketplace.kit.papers import Reader, spoken_in
from marketplace.kit.settings import settings
from marketplace.partners import wording
from marketplace.partners.models import Contract, Partner
from marketplace.settlement.invoicing import said_of_vat
from marketplace.settlement.models import (
    CommissionInvoice,
    InvoiceKind,
    LineKind,
    Payout,
    PayoutReason,
    PayoutState,
    Statement,
    StatementLine,
)

MOST_LINES: Final = 2_000
"""A longer statement is complete as CSV; on paper it says so."""
_TEMPLATE: Final = files("marketplace.settlement").joinpath("statement.typ")
_KINDS: Final = {
    LineKind.SALES: noted("Sales"),
    LineKind.DONATIONS: noted("Donations"),
    LineKind.REFUNDS: noted("Refunds"),
    LineKind.REBATE: noted("Rebate"),
    LineKind.FEE: noted("Fee"),
    LineKind.ADJUSTMENTS: noted("Adjustment"),
    LineKind.DISCOUNT_CAP: noted("Discounts above the cap"),
    LineKind.RESERVE_HELD: noted("Reserve held"),
    LineKind.RESERVE_RELEASED: noted("Reserve released"),
}
_WORDINGS: Final = {
    LineKind.SALES: (wording.LESS_DISCOUNT,),
    LineKind.DONATIONS: (wording.DONATION,),
    LineKind.REFUNDS: (wording.REFUND,),
    LineKind.REBATE: (wording.REBATE,),
    LineKind.FEE: (wording.FEE,),
    LineKind.ADJUSTMENTS: (wording.COALITION_BACK, wording.COALITION),
    LineKind.DISCOUNT_CAP: (wording.ABOVE_CAP,),
    LineKind.RESERVE_HELD: (wording.RESERVE_HELD,),
    LineKind.RESERVE_RELEASED: (wording.RESERVE_RELEASED,),
}
"""What of a line's text the house wrote itself, and says in the reader's language."""
_STATES: Final = {
    PayoutState.PLANNED: noted("{amount} are on their way to you."),
    PayoutState.SENT: noted("{amount} have been sent to you."),
    PayoutState.IN_BANK: noted("{amount} are in your bank."),
    PayoutState.CARRIED: noted("{amount} join the next statement: {reason}."),
    PayoutState.FAILED: noted("{amount} join the next statement: {reason}."),
}


_REASONS: Final = {
    PayoutReason.NEGATIVE_BALANCE: noted("the balance is below zero"),
    PayoutReason.PARTNER_SUSPENDED: noted("the partner is not approved"),
    PayoutReason.BELOW_MINIMUM: noted("it is less than the minimum payout"),
    PayoutReason.NO_PAYOUT_ACCOUNT: noted("there is no account to pay to"),
    PayoutReason.ACCOUNT_NOT_READY: noted("the account is not ready"),
    PayoutReason.TRANSFER_REFUSED: noted("the transfer was refused"),
    PayoutReason.TRANSFER_REVERSED: noted("the transfer was taken back"),
    PayoutReason.NO_BANK_DETAILS: noted("there are no bank details that we may use"),
    PayoutReason.BANK_DETAILS_CHANGING: noted("the bank details are being changed"),
    PayoutReason.RAIL_CANNOT_REACH: noted("the bank account cannot be reached that way"),
    PayoutReason.BANK_REJECTED: noted("the bank did not carry it out"),
    PayoutReason.BANK_RETURNED: noted("the bank sent it back"),
    PayoutReason.STOPPED: noted("it was stopped"),
}


def pdf(said: dict[str, Any]) -> bytes:
    """The pages of what `data_of` answers. It takes a processor for a moment: call it beside the event loop."""
    return papers.pdf(_TEMPLATE.read_bytes(), said)


def pictures(said: dict[str, Any]) -> list[bytes]:
    """The same pages as PNG, for whoever looks at them."""
    return papers.pictures(_TEMPLATE.read_bytes(), said)


async def data_of(statement: Statement, languages: Sequence[str]) -> dict[str, Any]:
    """All that stands on a statement's pages, in the reader's language, or one of the partner's country."""
    partner = await Partner.get(id=statement.partner_id)
    reader = Reader(languages or spoken_in(partner.country))
    lines = StatementLine.filter(statement_id=statement.id).order_by("position")
    shown, count = await lines.limit(MOST_LINES), await lines.count()
    contract = await Contract.get(id=statement.contract_id)
    invoice = await CommissionInvoice.get_or_none(statement_id=statement.id)
    return {
        "lang": reader.lang,
        "title": f"{reader.say('Statement')} {statement.number}",
        "heading": reader.say("Statement"),
        "number": statement.number,
        "issuer": {"name": settings().issuer_name, "vat": settings().issuer_vat_number},
        "partner": {
            "name": partner.name,
            "country": reader.country(partner.country),
            "vat": contract.vat_number or "",
        },
        "words": {name: reader.say(text) for name, text in _WORDS.items()},
        "facts": await _facts(reader, statement),
        "balance": _balance(reader, statement),
        "payout": await _payout(reader, statement),
        "columns": [reader.say(text) for text in _COLUMNS],
        "lines": [_line(reader, line, statement.currency) for line in shown],
        "totals": _totals(reader, statement),
        "more": reader.say(
            counted("{count} more line is in the CSV file.", "{count} more lines are in the CSV file."),
            count=count - MOST_LINES,
        )
        if count > MOST_LINES
        else "",
        "invoice": _invoice(reader, invoice) if invoice else None,
        "digest": statement.digest,
    }


_WORDS: Final = {
    "partner": noted("For"),
    "page": noted("Page"),
    "lines": noted("Lines"),
    "digest": noted("SHA-256 of all that is said here:"),
}
_COLUMNS: Final = (
    noted("No."),
    noted("What"),
    noted("Quantity"),
    noted("Gross"),
    noted("Commission"),
    noted("VAT"),
    noted("Net"),
)


async def _facts(reader: Reader, statement: Statement) -> list[list[str]]:
    payout = await Payout.get_or_none(statement_id=statement.id)
    period = f"{reader.day(statement.period_from)} – {reader.day(statement.period_until)}"
    return [
        [reader.say("Period"), period],
        [reader.say("Issued"), reader.day(statement.issued_at.date())],
        [reader.say("Currency"), statement.currency],
        *([[reader.say("Payment reference"), payout.id.hex]] if payout and payout.amount_minor > 0 else []),
    ]


def _balance(reader: Reader, statement: Statement) -> list[list[str]]:
    """From the opening to the closing balance; what is zero is left out, but for the ends."""
    rows = [
        (noted("Opening balance"), statement.opening_minor),
        (noted("Sold and donated, less refunds"), statement.gross_minor),
        (noted("Commission"), -statement.commission_minor),
        (noted("Fees"), -statement.fees_minor),
        (noted("VAT on commission and fees"), -statement.vat_minor),
        (noted("Adjustments"), statement.adjustments_minor),
        (noted("Reserve, released less held"), statement.reserve_minor),
        (noted("Closing balance"), statement.closing_minor),
    ]
    shown = [row for index, row in enumerate(rows) if row[1] or index in (0, len(rows) - 1)]
    return [[reader.say(text), f"{reader.amount(minor, statement.currency)}"] for text, minor in shown]


def _description(reader: Reader, line: StatementLine) -> str:
    """What a line is about: its own words, or the house's in the reader's language."""
    said = wording.spoken(line.description, _WORDINGS.get(LineKind(line.kind), ()), reader.languages)
    return papers.narrow(said)


def _line(reader: Reader, line: StatementLine, currency: str) -> dict[str, str]:
    return {
        "position": str(line.position),
        "description": _description(reader, line),
        "kind": reader.say(_KINDS[LineKind(line.kind)]),
        "quantity": reader.whole(line.quantity),
        "gross": reader.amount(line.gross_minor, currency),
        "commission": reader.amount(line.commission_minor, currency),
        "vat": reader.amount(line.vat_minor, currency),
        "net": reader.amount(line.net_minor, currency),
    }


def _totals(reader: Reader, statement: Statement) -> list[str]:
    """The last row: what the lines add up to, which is what the period changes the balance by."""
    net = statement.closing_minor - statement.opening_minor
    charged = statement.commission_minor + statement.fees_minor
    gross = net + charged + statement.vat_minor
    figures = [reader.amount(minor, statement.currency) for minor in (gross, charged, statement.vat_minor, net)]
    return ["", reader.say("Together"), reader.whole(statement.accruals), *figures]


async def _payout(reader: Reader, statement: Statement) -> str:
    payout = await Payout.get_or_none(statement_id=statement.id)
    if payout is None or not payout.amount_minor:
        return ""
    amount = f"{reader.amount(payout.amount_minor, payout.currency)} {payout.currency}"
    reason = ""
    if payout.reason:
        why = PayoutReason(payout.reason)
        reason = reader.say(_REASONS[why]) if why in _REASONS else word(why, reader.languages)
    return reader.say(_STATES[PayoutState(payout.state)], amount=amount, reason=reason)


def _invoice(reader: Reader, invoice: CommissionInvoice) -> dict[str, Any]:
    kinds = {InvoiceKind.INVOICE: noted("Commission invoice"), InvoiceKind.CREDIT_NOTE: noted("Credit note")}
    rows = [
        (noted("Commission and fees"), invoice.net_minor),
        (noted("VAT"), invoice.vat_minor),
        (noted("Total, settled with this statement"), invoice.total_minor),
    ]
    return {
        "heading": reader.say(kinds[InvoiceKind(invoice.kind)]),
        "number": invoice.number,
        "rows": [[reader.say(text), reader.amount(minor, invoice.currency)] for text, minor in rows],
        "note": said_of_vat(invoice, reader.languages),
    }
