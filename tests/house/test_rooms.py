"""What import-linter cannot say: through which doors one room may enter another."""

import ast
from collections.abc import Iterator
from pathlib import Path

from tests.house.tree import ROOT, name_of, python_files

SOURCE = ROOT / "src" / "marketplace"
# `publishing` and `codes` are steps of the catalogue, in files of their own for their size.
OPEN_TO_OTHERS = {"steps", "queries", "rules", "refusals", "facts", "graphql", "models", "publishing", "codes"}
# Vocabulary that a room lends out besides those: the names of the accounts in the books, queries of the books and
# rules in files of their own: what points can become by a policy, who bears a discount, what lines say, an award.
LENT = {
    ("catalog", "withholding"),
    ("ledger", "accounts"),
    ("ledger", "balances"),
    ("ledger", "selection"),
    ("members", "point_names"),
    ("members", "policies"),
    ("partners", "wording"),
    ("points", "awarding"),
    ("storefront", "bearers"),
    ("storefront", "cash"),
    ("payments", "cards"),
    ("payments", "card_jobs"),
}
EDGES = {"graphql", "jobs"}
# Those of one room may stand in a package of that name, which gathers them.
MAY_NAME_OPERATIONS = EDGES | {"operations"}


def imports(path: Path) -> Iterator[tuple[str, str]]:
    """Yield (room, file) for everything a module imports from our rooms, wherever it does."""
    for node in ast.walk(ast.parse(path.read_text())):
        names: list[str] = []
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module:
            names = [f"{node.module}.{alias.name}" for alias in node.names]
        for name in names:
            package, _, rest = name.partition(".")
            room, _, inside = rest.partition(".")
            if package == "marketplace" and inside:
                yield room, inside.partition(".")[0]


def modules() -> Iterator[tuple[Path, str, str]]:
    """Yield (path, room, file) for each module in a room other than `app`, which knows all."""
    for path in python_files("src"):
        parts = path.relative_to(SOURCE).with_suffix("").parts
        if len(parts) > 1 and parts[0] != "app":
            yield path, parts[0], parts[1]


def test_a_room_enters_another_only_by_what_is_open_to_others() -> None:
    entered = [
        (name_of(path), f"{other}.{file}")
        for path, room, _ in modules()
        for other, file in imports(path)
        if other not in (room, "kit") and file not in OPEN_TO_OTHERS and (other, file) not in LENT
    ]
    assert entered == []


def test_only_edges_call_operations() -> None:
    called = [
        (name_of(path), f"{other}.{file}")
        for path, room, part in modules()
        for other, file in imports(path)
        if file == "operations" and other != "kit" and (part not in MAY_NAME_OPERATIONS or other != room)
    ]
    assert called == []


def test_rooms_are_imported_absolutely() -> None:
    relative = [
        f"{name_of(path)}:{node.lineno}"
        for path in python_files("src")
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.ImportFrom) and node.level
    ]
    assert relative == []
