"""What a command works on: DATABASE_URL, or a private PostgreSQL started for it; and where its processes count."""

import gc
import os
from collections.abc import Generator
from contextlib import contextmanager
from tempfile import TemporaryDirectory
from typing import Final

from marketplace.kit.private_postgres import PrivatePostgres
from marketplace.kit.settings import settings

NEW_OBJECTS: Final = 20_000


@contextmanager
def database_url() -> Generator[str]:
    """The URL for requests, for as long as the block runs."""
    configured = settings().database_url
    if configured is not None:
        yield configured.get_secret_value()
        return
    with PrivatePostgres(settings().var_dir / "postgres") as server:
        yield server.url()


@contextmanager
def direct_url() -> Generator[str]:
    """The URL for what needs a session of its own: migrations, the relay and workers."""
    configured = settings().database_direct_url
    if configured is not None:
        yield configured.get_secret_value()
        return
    with database_url() as url:
        yield url


@contextmanager
def counted_together(processes: int) -> Generator[None]:
    """Have several server processes add up their metrics in a folder, for as long as the block runs."""
    if processes == 1 or "PROMETHEUS_MULTIPROC_DIR" in os.environ:
        yield
        return
    with TemporaryDirectory(prefix="marketplace-metrics-") as folder:
        os.environ["PROMETHEUS_MULTIPROC_DIR"] = folder
        try:
            yield
        finally:
            del os.environ["PROMETHEUS_MULTIPROC_DIR"]


def keep_what_is_loaded() -> None:
    """Never look again for garbage in what is loaded and stays: a process that works on does not stop for it.

    Looking through all of it takes a third of a second, for which a server answers nobody. What is new is looked
    through once there is much of it: Python's own threshold is as many objects as a few requests have under way.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(NEW_OBJECTS, *gc.get_threshold()[1:])
