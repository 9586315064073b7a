"""`bench/results.md`: one section for each thing that is measured, so that each can be measured again alone."""

from pathlib import Path
from typing import Final

FILE: Final = Path(__file__).parent / "results.md"
TITLE: Final = "# What was measured"


def write(title: str, text: str) -> None:
    """Put a section in the place of the one of the same title, or after all others."""
    _, *sections = (FILE.read_text() if FILE.exists() else TITLE).split("\n## ")
    kept = {section.partition("\n")[0]: section.partition("\n")[2].strip() for section in sections}
    kept[title] = text.strip()
    whole = [TITLE, *(f"## {name}\n\n{body}" for name, body in kept.items())]
    FILE.write_text("\n\n".join(whole) + "\n")
