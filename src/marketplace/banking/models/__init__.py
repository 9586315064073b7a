"""Tables of banking."""

from marketplace.banking.models.days import BankDay
from marketplace.banking.models.incoming import (
    BankAccount,
    BankEntry,
    BankFile,
    BankMatch,
    BankPage,
    BankStatement,
    Direction,
    FileKind,
)
from marketplace.banking.models.outgoing import (
    AttemptState,
    BankAttempt,
    BankBatch,
    BankDetails,
    BankNote,
    BankTransfer,
    BatchState,
    DetailsState,
    Hold,
    TransferState,
)

__all__ = [
    "AttemptState",
    "BankAccount",
    "BankAttempt",
    "BankBatch",
    "BankDay",
    "BankDetails",
    "BankEntry",
    "BankFile",
    "BankMatch",
    "BankNote",
    "BankPage",
    "BankStatement",
    "BankTransfer",
    "BatchState",
    "DetailsState",
    "Direction",
    "FileKind",
    "Hold",
    "TransferState",
]
