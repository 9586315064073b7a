"""Writes of banking, inside a transaction that somebody else opened."""

from marketplace.banking.steps.details import opened
from marketplace.banking.steps.incoming import explain, match
from marketplace.banking.steps.outgoing import plan_transfer

__all__ = ["explain", "match", "opened", "plan_transfer"]
