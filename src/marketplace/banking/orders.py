"""Writing a pain.001.001.09, by sepaxml, validated against the schema of ISO 20022."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, cast

from sepaxml import SepaTransfer

from marketplace.banking import rules, xml
from marketplace.banking.models import BankAccount

VERSION = "pain.001.001.09"


@dataclass(frozen=True, slots=True)
class Order:
    """One credit transfer of a file."""

    end_to_end_id: str
    amount_minor: int
    holder: str
    iban: str
    bic: str | None
    remittance: str


@dataclass(frozen=True, slots=True)
class Written:
    """A file with the ids that the bank's answers name, and its control sum in minor units."""

    content: bytes
    message_id: str
    payment_id: str
    control_minor: int


def write(account: BankAccount, orders: Sequence[Order], execute_on: date) -> Written:
    """The file of these orders; raises sepaxml's ValidationError when the schema does not allow it."""
    config = {
        "name": rules.sepa_text(account.holder, 70),
        "IBAN": account.iban,
        "BIC": account.bic,
        "batch": True,
        "currency": account.currency,
    }
    writer = cast(Any, SepaTransfer)(config, schema=VERSION, clean=True)
    for order in orders:
        payment: dict[str, Any] = {
            "name": rules.sepa_text(order.holder, 70),
            "IBAN": order.iban,
            "amount": order.amount_minor,
            "execution_date": execute_on,
            "description": rules.sepa_text(order.remittance, 140),
            "endtoend_id": order.end_to_end_id,
        }
        writer.add_payment(payment | ({"BIC": order.bic} if order.bic else {}))
    content: bytes = writer.export(validate=True)
    body = xml.read(content).needed("CstmrCdtTrfInitn")
    total = body.needed("GrpHdr/CtrlSum").text.replace(".", "")
    assert int(total) == sum(order.amount_minor for order in orders)
    message_id, payment_id = body.needed("GrpHdr/MsgId").text, body.needed("PmtInf/PmtInfId").text
    return Written(content, message_id, payment_id, int(total))
