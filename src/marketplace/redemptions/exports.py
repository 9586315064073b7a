"""A batch of credits as a file that a partner's system can read."""

import csv
from collections.abc import Sequence
from io import StringIO

from marketplace.kit import ids
from marketplace.redemptions.models import Credit, CreditBatch

COLUMNS = ("batch", "position", "redemption", "sku", "item_sku", "membership_number", "lots", "units", "state")
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def batch_csv(batch: CreditBatch, credits: Sequence[Credit]) -> str:
    """A row for each credit, in the batch's order. Text that a spreadsheet would run as a formula is quoted."""
    file = StringIO()
    writer = csv.writer(file)
    writer.writerow(COLUMNS)
    for position, credit in enumerate(credits, start=1):
        redemption = credit.redemption
        names = [_harmless(text) for text in (redemption.offer.sku, redemption.item.sku, credit.membership_number)]
        public = ids.public("redemption", redemption.id)
        writer.writerow([batch.number, position, public, *names, credit.lots, credit.units, redemption.state])
    return file.getvalue()


def _harmless(text: str) -> str:
    return f"'{text}" if text.startswith(_FORMULA) else text
