"""A bank for demo and tour: it takes our pain.001 and writes what a bank writes then, in ISO 20022's words.

The same messages have the same ids, so one that is written again is one that was read before.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from hashlib import sha256
from xml.etree.ElementTree import Element
from xml.sax.saxutils import escape

from defusedxml.ElementTree import fromstring

CURRENCY = "EUR"
IBAN, BIC, HOLDER = "NL91ABNA0417164300", "ABNANL2A", "The Marketplace"
"""Our account at it: an example account, whose check digits fit."""


@dataclass(frozen=True, slots=True)
class Order:
    """One credit transfer that we have ordered."""

    name: str
    amount: Decimal

    def debit(self) -> "Entry":
        """Its debit on our account."""
        return Entry(-self.amount, f"D{self.name[-20:]}", name=self.name)

    def returned(self, reason: str, amount: Decimal | None = None) -> "Entry":
        """It, or a part of it, comes back."""
        return Entry(amount or self.amount, f"R{self.name[-20:]}", name=self.name, reason=reason)


@dataclass(frozen=True, slots=True)
class Entry:
    """What the bank books: above zero to our account; `name` is the end-to-end id, `reason` why it came back."""

    amount: Decimal
    reference: str
    name: str = "NOTPROVIDED"
    reason: str | None = None
    words: str = ""


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


def _id(*told: str) -> str:
    return sha256("\0".join(told).encode()).hexdigest()[:32]


def _document(kind: str, body: str, inside: str) -> bytes:
    space = f"urn:iso:std:iso:20022:tech:xsd:{kind}"
    head = f"<GrpHdr><MsgId>{_id(kind, inside)}</MsgId><CreDtTm>2026-01-01T00:00:00Z</CreDtTm></GrpHdr>\n"
    document = f'<Document xmlns="{space}"><{body}>{head}{inside}</{body}></Document>'
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{document}'.encode()


def answer(file: bytes) -> bytes:
    """A pain.002: everything is taken."""
    said = (
        f"<OrgnlGrpInfAndSts><OrgnlMsgId>{message_id(file)}</OrgnlMsgId>"
        "<OrgnlMsgNmId>pain.001.001.09</OrgnlMsgNmId><GrpSts>ACCP</GrpSts></OrgnlGrpInfAndSts>"
    )
    return _document("pain.002.001.10", "CstmrPmtStsRpt", said)


def _entry(entry: Entry, day: str) -> str:
    indicator = "CRDT" if entry.amount > 0 else "DBIT"
    why = f"<RtrInf><Rsn><Cd>{entry.reason}</Cd></Rsn></RtrInf>" if entry.reason else ""
    words = f"<RmtInf><Ustrd>{escape(entry.words)}</Ustrd></RmtInf>" if entry.words else ""
    return (
        f'<Ntry><Amt Ccy="{CURRENCY}">{abs(entry.amount)}</Amt><CdtDbtInd>{indicator}</CdtDbtInd>'
        f"<Sts><Cd>BOOK</Cd></Sts><BookgDt><Dt>{day}</Dt></BookgDt><AcctSvcrRef>{entry.reference}</AcctSvcrRef>"
        f"<NtryDtls><TxDtls><Refs><EndToEndId>{entry.name}</EndToEndId></Refs>{words}{why}</TxDtls></NtryDtls>"
        "</Ntry>\n"
    )


def _report(entries: Sequence[Entry], day: str, balances: str = "") -> str:
    account = f"<Acct><Id><IBAN>{IBAN}</IBAN></Id><Ccy>{CURRENCY}</Ccy></Acct>"
    told = f"{account}{balances}\n{''.join(_entry(each, day) for each in entries)}"
    return f"<Id>{_id(day, told)[:20]}</Id>{told}"


def notification(entries: Sequence[Entry], day: str) -> bytes:
    """A camt.054 of entries of a day."""
    inside = f"<Ntfctn>{_report(entries, day)}</Ntfctn>"
    return _document("camt.054.001.08", "BkToCstmrDbtCdtNtfctn", inside)


def statement(entries: Sequence[Entry], day: str, opening: Decimal) -> bytes:
    """A camt.053 of a day."""
    closing = opening + sum(each.amount for each in entries)
    balances = "".join(
        f'<Bal><Tp><CdOrPrtry><Cd>{code}</Cd></CdOrPrtry></Tp><Amt Ccy="{CURRENCY}">{amount}</Amt>'
        f"<CdtDbtInd>CRDT</CdtDbtInd><Dt><Dt>{day}</Dt></Dt></Bal>"
        for code, amount in (("OPBD", opening), ("CLBD", closing))
    )
    return _document("camt.053.001.08", "BkToCstmrStmt", f"<Stmt>{_report(entries, day, balances)}</Stmt>")
