"""A bank for the tour: it takes our pain.001 and writes what a bank writes then, in ISO 20022's words."""

from dataclasses import dataclass
from decimal import Decimal
from uuid import uuid4
from xml.etree.ElementTree import Element

from defusedxml.ElementTree import fromstring

CURRENCY = "EUR"


@dataclass(frozen=True, slots=True)
class Order:
    """One credit transfer that we have ordered."""

    name: str
    amount: Decimal


def message_id(file: bytes) -> str:
    """The id of a message of ours."""
    return str(_found(fromstring(file), "MsgId")[0].text)


def orders(file: bytes) -> list[Order]:
    """What a file of ours orders."""
    return [
        Order(str(_found(node, "EndToEndId")[0].text), Decimal(str(_found(node, "InstdAmt")[0].text)))
        for node in _found(fromstring(file), "CdtTrfTxInf")
    ]


def _found(root: Element, name: str) -> list[Element]:
    return [node for node in root.iter() if node.tag.rpartition("}")[2] == name]


def _document(kind: str, body: str, inside: str) -> bytes:
    space = f"urn:iso:std:iso:20022:tech:xsd:{kind}"
    head = f"<GrpHdr><MsgId>{uuid4().hex}</MsgId><CreDtTm>2026-01-01T00:00:00Z</CreDtTm></GrpHdr>\n"
    document = f'<Document xmlns="{space}"><{body}>{head}{inside}</{body}></Document>'
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{document}'.encode()


def answer(file: bytes) -> bytes:
    """A pain.002: everything is taken."""
    said = (
        f"<OrgnlGrpInfAndSts><OrgnlMsgId>{message_id(file)}</OrgnlMsgId>"
        "<OrgnlMsgNmId>pain.001.001.09</OrgnlMsgNmId><GrpSts>ACCP</GrpSts></OrgnlGrpInfAndSts>"
    )
    return _document("pain.002.001.10", "CstmrPmtStsRpt", said)


def _entry(order: Order, day: str, *, back: bool) -> str:
    indicator, reference = ("CRDT", f"R{order.name[-20:]}") if back else ("DBIT", f"D{order.name[-20:]}")
    why = "<RtrInf><Rsn><Cd>AC04</Cd></Rsn></RtrInf>" if back else ""
    return (
        f'<Ntry><Amt Ccy="{CURRENCY}">{order.amount}</Amt><CdtDbtInd>{indicator}</CdtDbtInd>'
        f"<Sts><Cd>BOOK</Cd></Sts><BookgDt><Dt>{day}</Dt></BookgDt><AcctSvcrRef>{reference}</AcctSvcrRef>"
        f"<NtryDtls><TxDtls><Refs><EndToEndId>{order.name}</EndToEndId></Refs>{why}</TxDtls></NtryDtls></Ntry>\n"
    )


def _report(iban: str, entries: str, balances: str = "") -> str:
    account = f"<Acct><Id><IBAN>{iban}</IBAN></Id><Ccy>{CURRENCY}</Ccy></Acct>"
    return f"<Id>{uuid4().hex[:20]}</Id>{account}{balances}\n{entries}"


def notification(iban: str, order: Order, day: str) -> bytes:
    """A camt.054: one debit."""
    inside = f"<Ntfctn>{_report(iban, _entry(order, day, back=False))}</Ntfctn>"
    return _document("camt.054.001.08", "BkToCstmrDbtCdtNtfctn", inside)


def statement(iban: str, done: list[Order], returned: list[Order], day: str, opening: Decimal) -> bytes:
    """A camt.053 of one day: all debits, and the returns of some."""
    left = opening - sum(order.amount for order in done) + sum(order.amount for order in returned)
    entries = "".join(_entry(order, day, back=False) for order in done)
    entries += "".join(_entry(order, day, back=True) for order in returned)
    balances = "".join(
        f'<Bal><Tp><CdOrPrtry><Cd>{code}</Cd></CdOrPrtry></Tp><Amt Ccy="{CURRENCY}">{amount}</Amt>'
        f"<CdtDbtInd>CRDT</CdtDbtInd><Dt><Dt>{day}</Dt></Dt></Bal>"
        for code, amount in (("OPBD", opening), ("CLBD", left))
    )
    return _document("camt.053.001.08", "BkToCstmrStmt", f"<Stmt>{_report(iban, entries, balances)}</Stmt>")
