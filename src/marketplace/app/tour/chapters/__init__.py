"""The chapters, in the order they are played."""

from collections.abc import Callable
from typing import Final

from marketplace.app.tour.cast import Cast
from marketplace.app.tour.chapters import (
    accounting,
    adjusting,
    balancing,
    banking,
    bookings,
    browsing,
    carding,
    carrying,
    cashing,
    closing,
    codes,
    crediting,
    deliveries,
    dropping,
    earning,
    expiring,
    funding,
    giving,
    keeping,
    lining,
    listening,
    naming,
    opening,
    parcels,
    parts,
    paying,
    reconciling,
    refunding,
    reviewing,
    settling,
    splitting,
    tickets,
    unfunded,
    uploading,
    vouchers,
)
from marketplace.app.tour.stage import Stage

Play = Callable[[Stage, Cast], None]
CHAPTERS: Final[tuple[tuple[str, Play], ...]] = tuple(
    (f"{number}. {chapter.TITLE}", chapter.play)
    for number, chapter in enumerate(
        (
            opening, uploading, funding, browsing, vouchers, codes, deliveries, parcels, crediting, bookings,
            tickets, dropping, lining, listening, unfunded, splitting, reviewing, cashing, carding, giving,
            earning, keeping, refunding, parts, paying, naming, settling, carrying, banking, adjusting, accounting,
            closing, expiring, balancing, reconciling,
        ),
        start=1,
    )
)  # fmt: skip
"""Title and play of each, numbered as they are played."""
