"""Arguments that many fields share."""

from typing import Annotated

import strawberry

First = Annotated[int | None, strawberry.argument(description="How many rows, at most 100.")]
After = Annotated[str | None, strawberry.argument(description="The cursor to go on from.")]
