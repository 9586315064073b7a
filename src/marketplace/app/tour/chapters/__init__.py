"""The chapters, in the order they are played."""

from collections.abc import Callable
from typing import Final

from marketplace.app.tour.cast import Cast
from marketplace.app.tour.chapters import (
    adjusting,
    balancing,
    bookings,
    browsing,
    cashing,
    deliveries,
    earning,
    funding,
    giving,
    keeping,
    opening,
    paying,
    refunding,
    settling,
    unfunded,
    uploading,
    vouchers,
)
from marketplace.app.tour.stage import Stage

Play = Callable[[Stage, Cast], None]
CHAPTERS: Final[tuple[tuple[str, Play], ...]] = tuple(
    (chapter.TITLE, chapter.play)
    for chapter in (
        opening, uploading, funding, browsing, vouchers, deliveries, bookings, unfunded, cashing, giving,
        keeping, earning, refunding, paying, settling, adjusting, balancing,
    )
)  # fmt: skip
"""Title and play of each."""
