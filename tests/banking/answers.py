"""A bank's answers to our files, written for tests: pain.002.001.10."""

from collections.abc import Mapping
from itertools import count

_n = count(1)


def _document(message_id: str, group: str, rest: str) -> bytes:
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        '<Document xmlns="urn:iso:std:iso:20022:tech:xsd:pain.002.001.10"><CstmrPmtStsRpt>'
        f"<GrpHdr><MsgId>P2-{next(_n)}</MsgId><CreDtTm>2026-11-20T18:00:00Z</CreDtTm></GrpHdr>\n"
        f"<OrgnlGrpInfAndSts><OrgnlMsgId>{message_id}</OrgnlMsgId>"
        f"<OrgnlMsgNmId>pain.001.001.09</OrgnlMsgNmId>{group}</OrgnlGrpInfAndSts>\n{rest}"
        "</CstmrPmtStsRpt></Document>"
    ).encode()


def _reason(code: str | None) -> str:
    return f"<StsRsnInf><Rsn><Cd>{code}</Cd></Rsn></StsRsnInf>" if code else ""


def answer(message_id: str, each: Mapping[str, tuple[str, str | None]]) -> bytes:
    """What the bank says of single transactions, by their end-to-end ids."""
    nodes = "".join(
        f"<TxInfAndSts><OrgnlEndToEndId>{name}</OrgnlEndToEndId><TxSts>{status}</TxSts>{_reason(code)}</TxInfAndSts>\n"
        for name, (status, code) in each.items()
    )
    block = f"<OrgnlPmtInfAndSts><OrgnlPmtInfId>X</OrgnlPmtInfId>{nodes}</OrgnlPmtInfAndSts>"
    return _document(message_id, "", block if nodes else "")


def group_refused(message_id: str, code: str) -> bytes:
    """The bank refuses the whole file."""
    return _document(message_id, f"<GrpSts>RJCT</GrpSts>{_reason(code)}", "")


def group_accepted(message_id: str) -> bytes:
    """The bank takes the whole file."""
    return _document(message_id, "<GrpSts>ACCP</GrpSts>", "")
