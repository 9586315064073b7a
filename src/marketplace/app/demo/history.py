"""A month of history, made through the same doors as everything else, with the clock set to each moment."""


async def play() -> None:
    """Play what has not been played yet; each event has a key of its own, so a second run changes nothing."""
