"""Doors of banking."""

from marketplace.banking.operations.batches import (
    DecideBankBatch,
    GiveUpBankBatch,
    PayByHand,
    PrepareBankBatch,
    StopBankTransfer,
    approve_bank_batch,
    discard_bank_batch,
    give_up_bank_batch,
    pay_by_hand,
    prepare_bank_batch,
    stop_bank_transfer,
)
from marketplace.banking.operations.days import (
    CloseBankDay,
    ExplainBankEntry,
    OwnPurpose,
    close_bank_day,
    explain_bank_entry,
)
from marketplace.banking.operations.details import (
    ChangeBankDetails,
    DecideBankDetails,
    agree_to_bank_details,
    cancel_bank_details,
    change_bank_details,
    propose_bank_details,
    refuse_bank_details,
)
from marketplace.banking.operations.files import (
    ReadBankFile,
    RegisterBankAccount,
    read_bank_file,
    read_bank_file_here,
    register_bank_account,
)

__all__ = [
    "ChangeBankDetails",
    "CloseBankDay",
    "DecideBankBatch",
    "DecideBankDetails",
    "ExplainBankEntry",
    "GiveUpBankBatch",
    "OwnPurpose",
    "PayByHand",
    "PrepareBankBatch",
    "ReadBankFile",
    "RegisterBankAccount",
    "StopBankTransfer",
    "agree_to_bank_details",
    "approve_bank_batch",
    "cancel_bank_details",
    "change_bank_details",
    "close_bank_day",
    "discard_bank_batch",
    "explain_bank_entry",
    "give_up_bank_batch",
    "pay_by_hand",
    "prepare_bank_batch",
    "propose_bank_details",
    "read_bank_file",
    "read_bank_file_here",
    "refuse_bank_details",
    "register_bank_account",
    "stop_bank_transfer",
]
