"""Doors of billing, one for each thing an actor can do."""

from marketplace.billing.operations.top_ups import ConfirmTopUp, TopUpProgram, confirm_top_up, top_up_program

__all__ = ["ConfirmTopUp", "TopUpProgram", "confirm_top_up", "top_up_program"]
