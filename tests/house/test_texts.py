"""What people are told is in the catalogues: a sentence that nobody collects from the code is found here."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

from marketplace.app import messages_cli
from tests.house.tree import ROOT

SOURCE = ROOT / "src" / "marketplace"
SENTENCE = re.compile(r"(?!SELECT|ORDER BY)[A-Z][^\n]* [^\n]*[.!?]")
TO_PROGRAMMERS = frozenset(
    [
        "BadUserInput",
        "NotAllowed",
        "Unauthenticated",
        "HttpRefusal",
        "BadCursor",
        "BadManifest",
        "ValueError",
        "TypeError",
        "LookupError",
        "NoArea",
        "Option",
        "Argument",
        "Typer",
        "Violation",
        "describe_enum",
        "field",
        "argument",
        "mutation",
        "planned",
        "interface",
        "enum",
        "type",
        "input",
        "scalar",
        "group",
        "union",
        "Histogram",
        "Counter",
        "Gauge",
        "subscription",
        "enum_value",
    ]
)
"""What these are given is read by who writes programs, in the language of the schema."""
NOT_SAID = frozenset(
    {
        "app/cli.py", "app/finance_cli.py", "app/messages_cli.py", "app/standing.py",  # read by who runs it
        "app/documents.py", "app/http.py", "app/limits.py", "app/live.py", "app/multipart.py",
        "app/parameters.py", "app/persisted.py",  # faults of a request, read by who programs
        "app/schema.py", "access/graphql/keys.py",  # descriptions in the schema
        "access/registry.py",  # a file that a build made
        "app/downloads.py", "app/pictures.py",  # files that programs fetch
    }
)  # fmt: skip
"""What speaks to programmers, and to who runs the marketplace, in the language of the schema."""
SHOWN = ("app/demo/", "app/tour/")
"""Worlds and stories that are shown in English."""


def _aside(tree: ast.AST) -> Iterator[ast.AST]:
    """Docstrings, descriptions, and what is for programmers."""
    described = {
        keyword.value.id
        for keyword in ast.walk(tree)
        if isinstance(keyword, ast.keyword)
        and keyword.arg == "description"
        and isinstance(keyword.value, ast.Name)
    }
    for node in ast.walk(tree):
        match node:
            case ast.Assign(targets=[ast.Name(id=name)]) if name in described:
                yield node.value
            case ast.Expr(value=ast.Constant()):
                yield node.value
            case ast.Subscript(value=ast.Name(id="Annotated")):
                yield from ast.walk(node.slice)
            case ast.Call():
                name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
                if name in TO_PROGRAMMERS:
                    yield from ast.walk(node)
                for keyword in node.keywords:
                    if keyword.arg in ("description", "help", "deprecation_reason", "about"):
                        yield from ast.walk(keyword.value)
            case _:
                pass


def _escaped(path: Path, collected: set[str]) -> Iterator[str]:
    tree = ast.parse(path.read_text())
    aside = {id(node) for node in _aside(tree)}
    for node in ast.walk(tree):
        if not (isinstance(node, ast.Constant) and isinstance(node.value, str)) or id(node) in aside:
            continue
        if SENTENCE.fullmatch(node.value) and node.value not in collected:
            yield f"{path.relative_to(SOURCE)}:{node.lineno}: {node.value}"


def test_every_sentence_for_people_can_be_translated() -> None:
    collected = {text for text, _ in messages_cli.wanted()} | set(messages_cli.counted().values())
    escaped = [
        told
        for path in sorted(SOURCE.rglob("*.py"))
        if (name := path.relative_to(SOURCE).as_posix()) not in NOT_SAID
        and not name.startswith(SHOWN)
        and "stand_in" not in path.parts
        for told in _escaped(path, collected)
    ]
    assert escaped == [], "say noted(…) where it is written"
