"""Reading a whole list, page by page."""

from collections.abc import Callable

from marketplace.app.tour.client import Client, Json

PAGE = 50


def every(reader: Client, query: str, rows: Callable[[Json], Json], **variables: object) -> list[Json]:
    """All rows of a list; `rows` finds the connection in the data."""
    found: list[Json] = []
    after: str | None = None
    while True:
        page = rows(reader.ask(query, **variables, first=PAGE, after=after))
        found += page["nodes"]
        if not page["pageInfo"]["hasNextPage"]:
            return found
        after = page["pageInfo"]["endCursor"]
