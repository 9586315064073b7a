"""How a finding is worded, and what is suggested instead. Pure."""

from collections.abc import Collection
from dataclasses import dataclass
from difflib import get_close_matches
from functools import lru_cache

VALUE_LENGTH = 200
TEXT_LENGTH = 400
MOST_CHOICES = 2_000
"""More names than this are not searched for a similar one: it would take too long."""
MOST_FINDINGS = 10_000
"""More findings than this are not kept: whoever mends these finds the rest at the next rehearsal."""


@dataclass(frozen=True, slots=True)
class Finding:
    """What is wrong in one cell: its line in the file, column, value, and what it could be instead."""

    line: int
    column: str
    value: str
    code: str
    message: str
    suggestion: str = ""


def finding(line: int, column: str, value: str, code: str, message: str, suggestion: str = "") -> Finding:
    """A finding cut to what is kept of it, without characters that cannot be kept."""
    return Finding(
        line,
        clip(column, 80),
        clip(value, VALUE_LENGTH),
        code,
        clip(message, TEXT_LENGTH),
        clip(suggestion, TEXT_LENGTH),
    )


def clip(text: str, length: int) -> str:
    """The text on one line, without control characters, cut with an ellipsis."""
    plain = "".join(char if char.isprintable() else " " for char in text[: length + 1])
    return plain if len(plain) <= length else plain[: length - 1] + "…"


@lru_cache(maxsize=1024)
def closest(value: str, choices: frozenset[str]) -> str:
    """The choice that was probably meant, or nothing when none is near."""
    if not value or len(choices) > MOST_CHOICES or len(value) > VALUE_LENGTH:
        return ""
    by_folded = {choice.casefold(): choice for choice in choices}
    near = get_close_matches(value.casefold(), by_folded, n=1, cutoff=0.6)
    return by_folded[near[0]] if near else ""


def suggest(value: str, choices: Collection[str], *, most: int = 12) -> str:
    """What to write instead: the nearest choice, or all of them when they are few."""
    near = closest(value, frozenset(choices))
    if near:
        return near
    return ", ".join(sorted(choices)) if 0 < len(choices) <= most else ""


def mask(code: str) -> str:
    """A code as it may be shown: at most its last four characters, never more than a quarter."""
    shown = min(4, len(code) // 4)
    return "••••" + (code[-shown:] if shown else "")


def enough(findings: list[Finding]) -> list[Finding]:
    """The findings to keep: the first of them, and a word when more were left out."""
    if len(findings) <= MOST_FINDINGS:
        return findings
    kept, first_left_out = findings[:MOST_FINDINGS], findings[MOST_FINDINGS]
    message = f"From here on {len(findings) - MOST_FINDINGS:,} more problems are not listed."
    return [
        *kept,
        finding(first_left_out.line, "", "", "TOO_MANY_PROBLEMS", message, "Mend these, then upload again."),
    ]
