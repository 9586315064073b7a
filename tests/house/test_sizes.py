"""A file fits one idea, and a function one thought."""

import ast
from collections.abc import Iterator
from pathlib import Path

from tests.house.tree import ROOT, files, name_of, python_files

FILE_LINES = 500
FUNCTION_LINES = 70
WRITTEN_BY_HAND = {".py", ".sql", ".js", ".css", ".html"}


def functions(path: Path) -> Iterator[tuple[str, int]]:
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.end_lineno is not None:
            yield f"{name_of(path)}:{node.lineno} {node.name}", node.end_lineno - node.lineno + 1


def test_no_file_is_longer_than_one_idea() -> None:
    written = [
        path
        for path in files()
        if path.suffix in WRITTEN_BY_HAND and path.relative_to(ROOT).parts[0] in {"src", "tests", "bench"}
    ]
    lines = {name_of(path): len(path.read_text().splitlines()) for path in written}
    assert lines
    assert {name: count for name, count in lines.items() if count > FILE_LINES} == {}


def test_no_function_is_longer_than_one_thought() -> None:
    lengths = [each for path in python_files("src", "tests", "bench") for each in functions(path)]
    assert lengths
    assert [(name, count) for name, count in lengths if count > FUNCTION_LINES] == []
