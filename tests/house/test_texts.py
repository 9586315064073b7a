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
NOT_SAID = frozenset({"app", "access"})
"""Rooms that speak to programmers and to who runs the marketplace."""


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
        if path.relative_to(SOURCE).parts[0] not in NOT_SAID and "stand_in" not in path.parts
        for told in _escaped(path, collected)
    ]
    assert escaped == [], "say noted(…) where it is written"
