"""What banking decides without asking anybody: what an answer means, what a file may say, whose turn it is."""

import re
from datetime import date, datetime, timedelta
from typing import Any, Final, cast

import text_unidecode as _text_unidecode

from marketplace.banking import calendar
from marketplace.banking.models import BankDetails, DetailsState, Hold
from marketplace.kit.rails import Rail

text_unidecode = cast(Any, _text_unidecode)
COOLING_OFF: Final = timedelta(days=3)
"""So long nothing is paid after a partner's bank details have changed."""
SILENT_DAYS: Final = 5
"""An order that stands on no statement so many open days after its execution day has not been at the bank."""
MOST_IN_BATCH: Final = 1000
# ISO 20022 external code sets (ExternalPaymentTransactionStatus1Code, ExternalStatusReason1Code).
ACCEPTED: Final = frozenset({"ACCP", "ACSP", "ACSC", "ACCC", "ACWC"})
REJECTED: Final = "RJCT"
DUPLICATE: Final = frozenset({"AM05", "DUPL", "DU01", "DU02", "DU03", "DU04", "DU05"})
"""The bank has it already, so this refusal says nothing about the first one."""
_NOT_CARRIED = re.compile(r"[^A-Za-z0-9/\-?:().,'+ ]")


def sepa_text(text: str, most: int) -> str:
    """The text in the characters that SEPA carries (EPC217-08), no longer than it takes, never empty."""
    plain = _NOT_CARRIED.sub(" ", str(text_unidecode.unidecode(text)))
    return " ".join(plain.split())[:most].strip() or "-"


def end_to_end_id(ref_hex: str, attempt: int) -> str:
    """What the payee and every bank call an attempt: the payout and its number."""
    return f"{ref_hex}-{attempt}"


def silent_on(execute_on: date) -> date:
    """The day that a bank's statements must reach without an order, for it never to have been there."""
    return calendar.open_days_after(execute_on, SILENT_DAYS)


def masked(account: str) -> str:
    """An account's number, but for its country and its last four characters."""
    return f"{account[:2]}{'•' * max(len(account) - 6, 0)}{account[-4:]}"


def is_changing(details: BankDetails, now: datetime) -> bool:
    """Whether these are not agreed on yet, or their wait is not over."""
    if details.state == DetailsState.PROPOSED:
        return True
    return details.state == DetailsState.AGREED and details.usable_from > now


def why_held(
    *, approved: bool, current: BankDetails | None, changing: bool, reached: bool, covered: bool
) -> Hold | None:
    """Why a transfer is not put into a batch now: the first reason that applies."""
    if not approved:
        return Hold.PARTNER_SUSPENDED
    if changing:
        return Hold.BANK_DETAILS_CHANGING
    if current is None:
        return Hold.NO_BANK_DETAILS
    if not reached:
        return Hold.RAIL_CANNOT_REACH
    return None if covered else Hold.WAITING_FOR_FUNDS


def is_by_file(rail: str) -> bool:
    """Whether a transfer leaves in a file, and not by hand."""
    return rail == Rail.SEPA
