"""Messages of a bank, written for tests: camt.053 and camt.054 as banks send them, in version 08."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import count
from xml.sax.saxutils import escape

OURS = "NL91ABNA0417164300"
THEIRS = "DE89370400440532013000"
_n = count(1)


@dataclass(frozen=True)
class Booked:
    """An entry: above zero to our account, below zero from it."""

    amount: str
    reference: str | None = None
    day: str = "2026-11-20"
    end_to_end: str = "NOTPROVIDED"
    reason: str | None = None
    remittance: str = ""
    creditor_reference: str | None = None
    name: str = "Northern Rewards B.V."
    iban: str = THEIRS
    status: str = "BOOK"
    details: tuple[str, ...] = ()
    batch: str | None = None

    @property
    def signed(self) -> Decimal:
        return Decimal(self.amount)


def entry(row: Booked) -> str:
    """The `Ntry` of one entry."""
    credit, amount = row.signed > 0, abs(row.signed)
    indicator = "CRDT" if credit else "DBIT"
    side = "Dbtr" if credit != bool(row.reason) else "Cdtr"
    reference = f"<AcctSvcrRef>{row.reference}</AcctSvcrRef>" if row.reference else ""
    strd = (
        f"<Strd><CdtrRefInf><Ref>{row.creditor_reference}</Ref></CdtrRefInf></Strd>"
        if row.creditor_reference
        else ""
    )
    words = f"<Ustrd>{escape(row.remittance)}</Ustrd>" if row.remittance else ""
    back = f"<RtrInf><Rsn><Cd>{row.reason}</Cd></Rsn></RtrInf>" if row.reason else ""
    batch = f"<Btch><PmtInfId>{row.batch}</PmtInfId></Btch>" if row.batch else ""
    parts = [
        f"<TxDtls><Refs><EndToEndId>{row.end_to_end}</EndToEndId></Refs>"
        f'<Amt Ccy="EUR">{part}</Amt><CdtDbtInd>{indicator}</CdtDbtInd>'
        f"<RltdPties><{side}><Pty><Nm>{escape(row.name)}</Nm></Pty></{side}>"
        f"<{side}Acct><Id><IBAN>{row.iban}</IBAN></Id></{side}Acct></RltdPties>"
        f"<RmtInf>{words}{strd}</RmtInf>{back}</TxDtls>"
        for part in row.details or (str(amount),)
    ]
    details = "" if row.batch and not row.details else "".join(parts)
    return (
        f'<Ntry>\n<Amt Ccy="EUR">{amount}</Amt>\n<CdtDbtInd>{indicator}</CdtDbtInd>\n'
        f"<Sts><Cd>{row.status}</Cd></Sts>"
        f"<BookgDt><Dt>{row.day}</Dt></BookgDt><ValDt><Dt>{row.day}</Dt></ValDt>{reference}"
        f"<BkTxCd><Domn><Cd>PMNT</Cd><Fmly><Cd>ICDT</Cd><SubFmlyCd>ESCT</SubFmlyCd></Fmly></Domn></BkTxCd>"
        f"<NtryDtls>{batch}{details}</NtryDtls></Ntry>"
    )


def _balance(code: str, amount: Decimal, day: str) -> str:
    indicator = "CRDT" if amount >= 0 else "DBIT"
    return (
        f"<Bal><Tp><CdOrPrtry><Cd>{code}</Cd></CdOrPrtry></Tp>"
        f'<Amt Ccy="EUR">{abs(amount)}</Amt><CdtDbtInd>{indicator}</CdtDbtInd><Dt><Dt>{day}</Dt></Dt></Bal>'
    )


def _document(kind: str, body: str, message_id: str, report: str) -> bytes:
    return (
        f'<?xml version="1.0" encoding="UTF-8"?>\n'
        f'<Document xmlns="urn:iso:std:iso:20022:tech:xsd:{kind}.001.08"><{body}>'
        f"<GrpHdr><MsgId>{message_id}</MsgId><CreDtTm>2026-11-20T18:00:00Z</CreDtTm></GrpHdr>\n{report}"
        f"</{body}></Document>"
    ).encode()


def statement(
    rows: Sequence[Booked],
    *,
    opening: str = "1000.00",
    closing: str | None = None,
    day: str = "2026-11-20",
    iban: str = OURS,
    bank_id: str | None = None,
    message_id: str | None = None,
) -> bytes:
    """A camt.053 of one account and day; its closing balance is right unless another is given."""
    n = next(_n)
    first = Decimal(opening)
    last = Decimal(closing) if closing else first + sum(row.signed for row in rows if row.status == "BOOK")
    balances = _balance("OPBD", first, day) + _balance("CLBD", last, day)
    report = (
        f"<Stmt><Id>{bank_id or f'ST{n}'}</Id><Acct><Id><IBAN>{iban}</IBAN></Id><Ccy>EUR</Ccy></Acct>"
        f"{balances}{''.join(map(entry, rows))}</Stmt>"
    )
    return _document("camt.053", "BkToCstmrStmt", message_id or f"C53-{n}", report)


def notification(rows: Sequence[Booked], *, iban: str = OURS, message_id: str | None = None) -> bytes:
    """A camt.054 of single entries."""
    n = next(_n)
    report = (
        f"<Ntfctn><Id>NT{n}</Id><Acct><Id><IBAN>{iban}</IBAN></Id><Ccy>EUR</Ccy></Acct>"
        f"{''.join(map(entry, rows))}</Ntfctn>"
    )
    return _document("camt.054", "BkToCstmrDbtCdtNtfctn", message_id or f"C54-{n}", report)


def page(
    rows: Sequence[Booked],
    number: int,
    *,
    is_last: bool = False,
    opening: str | None = None,
    closing: str | None = None,
    message_id: str | None = None,
    of_message: bool = False,
) -> bytes:
    """A page of the statement PAGED; it is the last one if it says so, or closes it alone."""
    n = next(_n)
    last = "true" if is_last or (closing and not opening) else "false"
    paging = f"<PgNb>{number}</PgNb><LastPgInd>{last}</LastPgInd>"
    balances = _balance("OPBD", Decimal(opening), "2026-11-20") if opening else ""
    balances += _balance("CLBD", Decimal(closing), "2026-11-20") if closing else ""
    own = "" if of_message else f"<StmtPgntn>{paging}</StmtPgntn>"
    report = (
        f"<Stmt><Id>PAGED</Id>{own}<Acct><Id><IBAN>{OURS}</IBAN></Id><Ccy>EUR</Ccy></Acct>"
        f"{balances}{''.join(map(entry, rows))}</Stmt>"
    )
    made = _document("camt.053", "BkToCstmrStmt", message_id or f"C53-{n}", report)
    told = f"</CreDtTm><MsgPgntn>{paging}</MsgPgntn>".encode()
    return made.replace(b"</CreDtTm>", told) if of_message else made
