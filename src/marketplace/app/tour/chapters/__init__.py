"""The chapters, in the order they are played."""

from typing import Final, Protocol

from marketplace.app.tour.cast import Cast
from marketplace.app.tour.chapters import browsing, funding, opening, uploading, vouchers
from marketplace.app.tour.stage import Stage


class Chapter(Protocol):
    """A module with a title and a play."""

    TITLE: str

    def play(self, stage: Stage, cast: Cast) -> None: ...


CHAPTERS: Final[tuple[Chapter, ...]] = (opening, uploading, funding, browsing, vouchers)
