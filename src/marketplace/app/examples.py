"""Example operations for GraphiQL and the landing page, one file each in `examples/`.

A file starts with comments: `# title:`, `# as:` (member, partner, program, operator or anybody)
and, for what takes them, `# variables:` as JSON.
The tests hold every file against the schema, so an example cannot go stale.
"""

import re
from dataclasses import dataclass
from pathlib import Path

FOLDER = Path(__file__).parent / "examples"
_FRONT = re.compile(r"^# (title|as|variables): (.+)$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Example:
    """One operation to try, and whose token it needs."""

    title: str
    actor: str
    operation: str
    variables: str = ""


def load() -> list[Example]:
    """Every example, in the order of the file names."""
    return [_read(path) for path in sorted(FOLDER.glob("*.graphql"))]


def _read(path: Path) -> Example:
    text = path.read_text()
    facts = dict(_FRONT.findall(text))
    return Example(facts["title"], facts["as"], _FRONT.sub("", text).strip() + "\n", facts.get("variables", ""))
