"""How a finding is worded, and what is suggested instead. Pure."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from functools import lru_cache

from marketplace.kit import messages

VALUE_LENGTH = 200
TEXT_LENGTH = 400
MOST_CHOICES = 2_000
"""More names than this are not searched for a similar one: it would take too long."""
MOST_FINDINGS = 10_000
"""More findings than this are not kept: whoever mends these finds the rest at the next rehearsal."""


@dataclass(frozen=True, slots=True)
class Finding:
    """What is wrong in one cell: its line in the file, column and value, and a sentence that says it.

    `suggestion` is what to write instead, and stays as it is; where there is nothing to write, `advice` says what
    to do. The sentence and the advice are templates with `facts`.
    """

    line: int
    column: str
    value: str
    code: str
    message: str
    suggestion: str = ""
    advice: str = ""
    facts: Mapping[str, str | int] = field(default_factory=dict[str, str | int])


@dataclass(frozen=True, slots=True)
class Quoted:
    """A text of a file in a sentence: the same in every language."""

    text: str

    def said(self, languages: Iterable[str]) -> str:
        """The text."""
        return self.text


def finding(
    line: int,
    column: str,
    value: str,
    code: str,
    message: str,
    suggestion: str = "",
    advice: str = "",
    **facts: str | int,
) -> Finding:
    """A finding cut to what is kept of it, without characters that cannot be kept."""
    return Finding(
        line,
        clip(column, 80),
        clip(value, VALUE_LENGTH),
        code,
        message,
        clip(suggestion, TEXT_LENGTH),
        advice,
        {name: clip(fact, VALUE_LENGTH) if isinstance(fact, str) else fact for name, fact in facts.items()},
    )


def told(template: str, facts: Mapping[str, str | int], languages: Iterable[str]) -> str:
    """A sentence or an advice in the first of a reader's languages that we speak."""
    quoted = {name: Quoted(fact) if isinstance(fact, str) else fact for name, fact in facts.items()}
    return messages.say(template, quoted, languages)


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
    more = finding(
        first_left_out.line,
        "",
        "",
        "TOO_MANY_PROBLEMS",
        "From here on more problems are not listed: {left_out}.",
        advice="Mend these, then upload again.",
        left_out=len(findings) - MOST_FINDINGS,
    )
    return [*kept, more]
