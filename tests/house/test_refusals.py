"""Every way to say no that the schema publishes is reached by a test."""

import ast
from collections.abc import Iterator

from graphql import GraphQLObjectType, build_schema

from tests.house.tree import ROOT, name_of, python_files


def refusals() -> set[str]:
    """The names of all types that implement UserError."""
    schema = build_schema((ROOT / "schema.graphql").read_text(), assume_valid=True)
    return {
        name
        for name, kind in schema.type_map.items()
        if isinstance(kind, GraphQLObjectType) and "UserError" in {each.name for each in kind.interfaces}
    }


def words_of_tests() -> Iterator[str]:
    """Every string in a test's code that is no docstring."""
    for path in python_files("tests"):
        if "house" not in path.parts:
            tree = ast.parse(path.read_text())
            prose = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
            for node in ast.walk(tree):
                if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in prose:
                    yield node.value


def test_every_refusal_in_the_schema_is_named_by_a_test() -> None:
    assert refusals() - set(words_of_tests()) == set()


def test_no_test_replaces_our_own_code() -> None:
    """Fakes stand behind interfaces at the edge: nothing is patched."""
    patched = [
        f"{name_of(path)}:{node.lineno}"
        for path in python_files("tests")
        for node in ast.walk(ast.parse(path.read_text()))
        if (isinstance(node, ast.ImportFrom) and (node.module or "").startswith(("unittest.mock", "mock")))
        or (
            isinstance(node, ast.Attribute) and ast.unparse(node) in {"monkeypatch.setattr", "monkeypatch.setitem"}
        )
    ]
    assert patched == []
