"""What a bank's pain.002 (customer payment status report) answers, as plain facts. Pure.

ISO 20022, any version from .03 to .14. What it says of a whole file or of a payment information block holds for
each transaction in it of which it says nothing.
"""

import re
from dataclasses import dataclass

from marketplace.banking.xml import Element, malformed
from marketplace.kit.messages import noted

_SPACE = re.compile(r"urn:iso:std:iso:20022:tech:xsd:pain\.002\.001\.(0[3-9]|1[0-4])")
SHORT = 35


@dataclass(frozen=True, slots=True)
class Said:
    """A status, and the reason's code where it is a refusal."""

    status: str
    code: str | None


@dataclass(frozen=True, slots=True)
class Answer:
    """What became of one message of ours: as a whole, and of single transactions by their end-to-end ids."""

    message_id: str
    answers: str
    whole: Said | None
    each: dict[str, Said]
    line: int


def is_pain002(root: Element) -> bool:
    """Whether the document is one of those this module reads."""
    return _SPACE.fullmatch(root.space) is not None


def read(root: Element) -> Answer:
    """The facts of a document; raises InvalidInput that names line and element."""
    body = root.needed("CstmrPmtStsRpt")
    group = body.needed("OrgnlGrpInfAndSts")
    each: dict[str, Said] = {}
    whole = _said(group, "GrpSts")
    for block in body.all("OrgnlPmtInfAndSts"):
        whole = _said(block, "PmtInfSts") or whole
        for node in block.all("TxInfAndSts"):
            said = _said(node, "TxSts")
            if said is None:
                raise malformed(node.line, "TxInfAndSts/TxSts", noted("Line {line}: {element} is missing."))
            each[node.needed("OrgnlEndToEndId").text] = said
    return Answer(_short(body.needed("GrpHdr/MsgId")), _short(group.needed("OrgnlMsgId")), whole, each, group.line)


def _said(node: Element, name: str) -> Said | None:
    status = node.said(name)
    code = node.said("StsRsnInf/Rsn/Cd", "StsRsnInf/Rsn/Prtry")
    return Said(status[:SHORT], code[:SHORT] if code else None) if status else None


def _short(node: Element) -> str:
    if not 0 < len(node.text) <= SHORT or not node.text.isprintable():
        raise node.wrong(noted("Line {line}, {element}: give 1 to 35 printable characters."))
    return node.text
