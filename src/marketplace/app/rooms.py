"""Which rooms there are, and how the house finds what each of them offers.

By convention a room's `graphql.py` may have classes `Query`, `Mutation` and `Subscription` and a tuple `TYPES`;
its `jobs.py` registers jobs when imported; its `checks.py` has a tuple `CHECKS`.
"""

from importlib import import_module
from importlib.util import find_spec
from types import ModuleType

from marketplace.kit.checks import Check

ROOMS = (
    "ledger",
    "access",
    "webhooks",
    "partners",
    "members",
    "catalog",
    "points",
    "earning",
    "storefront",
    "payments",
    "banking",
    "uploads",
    "donations",
    "risk",
    "redemptions",
    "gifts",
    "billing",
    "settlement",
    "finance",
)


def modules(name: str) -> list[ModuleType]:
    """The module of this name of every room that has one, lowest room first."""
    paths = [f"marketplace.{room}.{name}" for room in ROOMS]
    return [import_module(path) for path in paths if find_spec(path) is not None]


def load_jobs() -> None:
    """Register the jobs of every room."""
    modules("jobs")


def checks() -> list[Check]:
    """The checks of every room, lowest room first."""
    return [check for module in modules("checks") for check in module.CHECKS]
