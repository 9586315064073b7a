"""Tables of banking."""

from marketplace.banking.models.incoming import (
    BankAccount,
    BankEntry,
    BankFile,
    BankMatch,
    BankStatement,
    Direction,
    FileKind,
)

__all__ = [
    "BankAccount",
    "BankEntry",
    "BankFile",
    "BankMatch",
    "BankStatement",
    "Direction",
    "FileKind",
]
