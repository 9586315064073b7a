"""The database a command works on: DATABASE_URL, or a private PostgreSQL started for it."""

from collections.abc import Generator
from contextlib import contextmanager

from marketplace.kit.private_postgres import PrivatePostgres
from marketplace.kit.settings import settings


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
