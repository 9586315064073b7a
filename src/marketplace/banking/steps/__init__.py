"""Writes of banking, inside a transaction that somebody else opened."""

from marketplace.banking.steps.batches import content_of
from marketplace.banking.steps.details import opened
from marketplace.banking.steps.incoming import explain, match
from marketplace.banking.steps.outgoing import plan_transfer

__all__ = ["content_of", "explain", "match", "opened", "plan_transfer"]
