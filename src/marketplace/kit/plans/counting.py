"""How many rows a list has, counted once for its answer."""

from typing import Any

from marketplace.kit.plans.declare import Asked, Need


async def _count(info: Any, asked: Asked) -> None:
    counted = await asked.root.counter() if asked.root.counter else None

    async def known() -> int | None:
        return counted

    asked.root.counter = known


COUNTED = Need("count", _count)
