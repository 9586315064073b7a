"""Every example in the documents is a document of this schema."""

import re
from functools import cache
from pathlib import Path

import pytest
from graphql import GraphQLSchema, build_schema, parse, validate

from marketplace.app.schema import schema

ROOT = Path(__file__).parents[2]
PAGES = sorted([ROOT / "README.md", *(ROOT / "docs").rglob("*.md")])
EXAMPLES = [
    pytest.param(block, id=f"{page.stem}-{number}")
    for page in PAGES
    for number, block in enumerate(re.findall(r"```graphql\n(.*?)```", page.read_text(), re.DOTALL))
]


@cache
def published() -> GraphQLSchema:
    return build_schema(schema().as_str(), assume_valid=True)


def test_each_user_has_examples() -> None:
    pages = {page.stem for page in PAGES if "```graphql" in page.read_text()}
    assert pages >= {"member-app", "program", "operator", "finance"}


@pytest.mark.parametrize("example", EXAMPLES)
def test_an_example_fits_the_schema(example: str) -> None:
    assert validate(published(), parse(example)) == []
