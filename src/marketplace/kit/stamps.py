"""What has changed, for those who keep something made of it: the catalogue, or what prices are made of.

Triggers note each transaction that changes a table of theirs, once; the note is seen when the change is, and by
everybody. A stamp is a digest of the notes: while it is the same, nothing has changed. Notes go after an hour,
which makes another stamp too.
"""

from typing import Literal

What = Literal["catalogue", "prices"]


def stamp(what: What) -> str:
    """The stamp of now, as SQL of one text column."""
    return f"(SELECT count(*) || ':' || coalesce(sum(xact), 0) FROM stamp_note WHERE what = '{what}')"
