"""What a bank's camt.053 (statements) and camt.054 (notifications) say, as plain facts. Pure.

ISO 20022, any version from .02 to .14: where versions differ (`Sts` against `Sts/Cd`, `Dbtr/Nm` against
`Dbtr/Pty/Nm`) both are read. Only booked entries count. An entry that is broken down (`TxDtls` with amounts) is
as many parts; one that is not is a single part. A statement that a bank tells in several pages (`StmtPgntn`, or
`MsgPgntn` of the whole message) says its opening and closing balance on any of them.
"""

import hashlib
import re
from collections.abc import Iterator
from dataclasses import astuple, dataclass, replace
from datetime import date
from typing import Final

from marketplace.banking.models import Direction, FileKind
from marketplace.banking.xml import Element, malformed
from marketplace.kit.messages import noted
from marketplace.kit.money import BadAmount, Money
from marketplace.kit.refusals import InvalidInput, Problem

_SPACE = re.compile(r"urn:iso:std:iso:20022:tech:xsd:(camt\.05[34])\.001\.(0[2-9]|1[0-4])")
_BODY: Final = {
    "camt.053": (FileKind.CAMT053, "BkToCstmrStmt", "Stmt"),
    "camt.054": (FileKind.CAMT054, "BkToCstmrDbtCdtNtfctn", "Ntfctn"),
}
_DIRECTIONS: Final = {"CRDT": Direction.CREDIT, "DBIT": Direction.DEBIT}
_RETURNS: Final = frozenset({"RRTN", "RPCR"})
MOST_PROBLEMS = 20
MOST_PAGES = 99_999
NOT_PROVIDED = "NOTPROVIDED"
MISSING = noted("Line {line}: {element} is missing.")
CLOSING_OFF = noted("Line {line}: the closing balance is {gap} off the opening balance and the entries.")


@dataclass(frozen=True, slots=True)
class Said:
    """What an entry and its detail say besides the amount."""

    booked_on: date
    valued_on: date | None
    code: str
    end_to_end_id: str | None
    batch_reference: str | None
    returned: bool
    return_reason: str | None
    remittance: str
    creditor_reference: str | None
    name: str | None
    iban: str | None


@dataclass(frozen=True, slots=True)
class Part:
    """One part of a booked entry, under the reference of the entry."""

    direction: Direction
    reference: str
    amount_minor: int
    line: int
    said: Said

    @property
    def change_minor(self) -> int:
        """By how much the account's balance changes."""
        return self.amount_minor if self.direction is Direction.CREDIT else -self.amount_minor


@dataclass(frozen=True, slots=True)
class Balances:
    """What a camt.053 opens and closes with."""

    opening_minor: int
    closing_minor: int
    closing_on: date


@dataclass(frozen=True, slots=True)
class Page:
    """Which page of a statement this is, and the statement's balances as far as the page says them."""

    number: int
    is_last: bool
    opening_minor: int | None = None
    closing_minor: int | None = None
    closing_on: date | None = None


@dataclass(frozen=True, slots=True)
class Report:
    """One account's part of a file. `skipped` entries were not booked.

    A camt.053 has either `balances`, when it is whole, or a `page`.
    """

    bank_id: str
    iban: str
    currency: str
    balances: Balances | None
    page: Page | None
    parts: tuple[Part, ...]
    skipped: int
    line: int

    @property
    def moved_minor(self) -> int:
        """By how much all its parts change the account's balance."""
        return sum(part.change_minor for part in self.parts)


@dataclass(frozen=True, slots=True)
class Message:
    """A whole file: a message, or the page of one."""

    kind: FileKind
    message_id: str
    page: int
    reports: tuple[Report, ...]


def is_camt(root: Element) -> bool:
    """Whether the document is one of those this module reads."""
    return _SPACE.fullmatch(root.space) is not None


def read(root: Element) -> Message:
    """The facts of a document that `is_camt`; raises InvalidInput that lists what is wrong, each with its line."""
    found = _SPACE.fullmatch(root.space)
    assert found is not None, "is_camt was not asked"
    kind, body_name, report_name = _BODY[found[1]]
    body = root.needed(body_name)
    message_id = _short(body.needed("GrpHdr/MsgId"))
    page = _page(body.find("GrpHdr/MsgPgntn"))
    reports = [_report(node, kind, page) for node in body.all(report_name)]
    if not reports:
        raise malformed(body.line, f"{body_name}/{report_name}", MISSING)
    return Message(kind, message_id, page.number, tuple(reports))


def _page(node: Element | None) -> Page:
    """What is said of pages; without a word it is the only one."""
    if node is None:
        return Page(1, is_last=True)
    number = node.needed("PgNb")
    if not (number.text.isascii() and number.text.isdigit() and 0 < int(number.text) <= MOST_PAGES):
        raise number.wrong(noted("Line {line}, {element}: {text} is no number of a page."))
    return Page(int(number.text), is_last=node.needed("LastPgInd").text in {"true", "1"})


def _report(node: Element, kind: FileKind, message_page: Page) -> Report:
    bank_id = _short(node.needed("Id"))
    iban = node.needed("Acct/Id/IBAN").text.replace(" ", "")
    currency = _currency(node)
    parts, skipped = _parts(node, iban, currency)
    report = Report(bank_id, iban, currency, None, None, tuple(parts), skipped, node.line)
    if kind is not FileKind.CAMT053:
        return report
    own = node.find("StmtPgntn")
    page = _page(own) if own else message_page
    if page.number > 1 or not page.is_last:
        return replace(report, page=_with_balances(page, node, currency))
    balances = _balances(node, currency)
    gap = balances.closing_minor - balances.opening_minor - report.moved_minor
    if gap:
        raise node.wrong(CLOSING_OFF, gap=Money(gap, currency))
    return replace(report, balances=balances)


def _with_balances(page: Page, node: Element, currency: str) -> Page:
    opening, closing = _told(node)
    return replace(
        page,
        opening_minor=_signed(opening, currency) if opening else None,
        closing_minor=_signed(closing, currency) if closing else None,
        closing_on=_day(closing.needed("Dt")) if closing else None,
    )


def _currency(node: Element) -> str:
    """The account's currency: said, or that of the first amount."""
    said = node.said("Acct/Ccy")
    if said is not None:
        return said
    for amount in (*node.all("Bal/Amt"), *node.all("Ntry/Amt")):
        return amount.attributes.get("Ccy", "")
    raise malformed(node.line, "Acct/Ccy", MISSING)


def _told(node: Element) -> tuple[Element | None, Element | None]:
    """The balances that a statement opens and closes with; interim ones of its pages are none of them."""
    known: dict[str, Element] = {}
    for balance in node.all("Bal"):
        known.setdefault(balance.said("Tp/CdOrPrtry/Cd") or "", balance)
    return known.get("OPBD") or known.get("PRCD"), known.get("CLBD")


def _balances(node: Element, currency: str) -> Balances:
    opening, closing = _told(node)
    if opening is None or closing is None:
        missing = "Bal/Tp OPBD" if opening is None else "Bal/Tp CLBD"
        raise malformed(node.line, missing, MISSING)
    return Balances(_signed(opening, currency), _signed(closing, currency), _day(closing.needed("Dt")))


def _signed(node: Element, currency: str) -> int:
    minor = _amount(node.needed("Amt"), currency)
    return minor if _direction(node) is Direction.CREDIT else -minor


def _parts(node: Element, iban: str, currency: str) -> tuple[list[Part], int]:
    """The booked parts, and how many entries are not booked yet."""
    parts: list[Part] = []
    problems: list[Problem] = []
    skipped = 0
    for entry in node.all("Ntry"):
        if (entry.said("Sts/Cd", "Sts/Prtry", "Sts") or "BOOK") != "BOOK":
            skipped += 1
            continue
        try:
            parts += _parts_of(entry, iban, currency)
        except InvalidInput as wrong:
            problems += wrong.problems
            if len(problems) >= MOST_PROBLEMS:
                break
    if problems:
        raise InvalidInput(problems=problems[:MOST_PROBLEMS])
    return parts, skipped


def _parts_of(entry: Element, iban: str, currency: str) -> Iterator[Part]:
    direction = _direction(entry)
    total = _amount(entry.needed("Amt"), currency)
    details = [*entry.all("NtryDtls/TxDtls")]
    for detail, amount in _pieces(entry, details, total, currency):
        if not amount:
            continue
        said = _said(entry, detail, direction)
        reference = (entry.said("AcctSvcrRef") or _print(iban, direction, amount, said))[:80]
        yield Part(direction, reference, amount, (detail or entry).line, said)


def _pieces(entry: Element, details: list[Element], total: int, currency: str) -> list[tuple[Element | None, int]]:
    """The details with an amount each, where the bank breaks the entry down; else the whole entry."""
    if len(details) == 1:
        return [(details[0], total)]
    amounts = [amount for detail in details if (amount := _detail_amount(detail, currency)) is not None]
    if not details or len(amounts) < len(details):
        return [(None, total)]
    if sum(amounts) != total:
        raise entry.wrong(noted("Line {line}: the details of {element} do not add up to its amount."))
    return [*zip(details, amounts, strict=True)]


def _said(entry: Element, detail: Element | None, direction: Direction) -> Said:
    here = detail or entry
    code = _code(here) or _code(entry) or (entry.said("BkTxCd/Prtry/Cd") or "")[:80]
    returned = here.find("RtrInf") is not None or code.rpartition("/")[2] in _RETURNS
    words, (name, iban) = here.find("RmtInf"), _counterparty(here, (direction is Direction.CREDIT) != returned)
    unstructured = " ".join(line.text for line in words.all("Ustrd")) if words else ""
    batch = entry.said("NtryDtls/Btch/PmtInfId", "NtryDtls/Btch/MsgId") or here.said("Refs/PmtInfId", "Refs/MsgId")
    return Said(
        booked_on=_day(entry.needed("BookgDt")),
        valued_on=_day(valued) if (valued := entry.find("ValDt")) else None,
        code=code,
        end_to_end_id=_cut(here.said("Refs/EndToEndId"), 35),
        batch_reference=_cut(batch, 35),
        returned=returned,
        return_reason=_cut(here.said("RtrInf/Rsn/Cd", "RtrInf/Rsn/Prtry"), 35),
        remittance=(unstructured or entry.said("AddtlNtryInf") or "")[:1000],
        creditor_reference=_cut(words.said("Strd/CdtrRefInf/Ref") if words else None, 35),
        name=name,
        iban=iban,
    )


def _counterparty(node: Element, pays_us: bool) -> tuple[str | None, str | None]:
    """Name and account of the other side: who pays us, or who is paid."""
    people = node.find("RltdPties")
    if people is None:
        return None, None
    who = "Dbtr" if pays_us else "Cdtr"
    name = people.said(f"{who}/Pty/Nm", f"{who}/Nm")
    return _cut(name, 140), _cut(people.said(f"{who}Acct/Id/IBAN", f"{who}Acct/Id/Othr/Id"), 34)


def _cut(text: str | None, most: int) -> str | None:
    return None if text in (None, NOT_PROVIDED) else text[:most]


def _code(node: Element) -> str | None:
    """The bank transaction code as `PMNT/ICDT/ESCT`."""
    domain = node.find("BkTxCd/Domn")
    if domain is None:
        return None
    family = domain.find("Fmly")
    parts = [
        domain.said("Cd"),
        family.said("Cd") if family else None,
        family.said("SubFmlyCd") if family else None,
    ]
    return "/".join(part or "" for part in parts)[:80]


def _print(iban: str, direction: Direction, amount: int, said: Said) -> str:
    """A reference for an entry that the bank gave none: the same facts have the same one in every file."""
    told = "\0".join(str(each) for each in (iban, direction, amount, *astuple(said)))
    return "~" + hashlib.sha256(told.encode()).hexdigest()[:40]


def _detail_amount(detail: Element, currency: str) -> int | None:
    found = detail.find("Amt") or detail.find("AmtDtls/TxAmt/Amt")
    if found is None or found.attributes.get("Ccy") != currency:
        return None
    return _amount(found, currency)


def _amount(node: Element, currency: str) -> int:
    given = node.attributes.get("Ccy", "")
    if given != currency:
        text = noted("Line {line}, {element}: the currency is {given}, and the account is kept in {expected}.")
        raise node.wrong(text, given=given[:3], expected=currency[:3])
    try:
        minor = Money.of(node.text, currency).minor
    except BadAmount:
        minor = -1
    if minor < 0:
        raise node.wrong(noted("Line {line}, {element}: {text} is no amount."))
    return minor


def _direction(node: Element) -> Direction:
    said = node.needed("CdtDbtInd")
    if said.text not in _DIRECTIONS:
        raise said.wrong(noted("Line {line}, {element}: {text} is neither CRDT nor DBIT."))
    return _DIRECTIONS[said.text]


def _day(node: Element) -> date:
    said = node.said("Dt", "DtTm") or node.text
    try:
        return date.fromisoformat(said[:10])
    except ValueError:
        raise node.wrong(noted("Line {line}, {element}: {text} is no day.")) from None


def _short(node: Element) -> str:
    if not 0 < len(node.text) <= 35 or not node.text.isprintable():
        raise node.wrong(noted("Line {line}, {element}: give 1 to 35 printable characters."))
    return node.text
