"""The stage: who did what and what came of it, as tables; and every expectation, kept for the end."""

import sys
import traceback
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any, cast

from rich import box
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from marketplace.app.tour.client import Client, Json

WIDTH = 150
_ANSWER_LENGTH = 220


def console() -> Console:
    """The terminal, or a page wide enough for the tables when the output goes elsewhere."""
    return Console() if sys.stdout.isatty() else Console(width=WIDTH)


@dataclass(slots=True)
class Stage:
    """Chapters of a play. Nothing raises for an answer that is not as expected: it is listed in `failures`."""

    screen: Console = field(default_factory=console)
    failures: list[str] = field(default_factory=list[str])
    expectations: int = 0
    _chapter: str = ""
    _steps: list[tuple[str, str, str, bool]] = field(default_factory=list[tuple[str, str, str, bool]])

    def chapter(self, title: str, play: Callable[[], None]) -> None:
        """Play one chapter; what breaks it off is a failure, and the next chapter begins."""
        self._chapter = title
        self.screen.rule(f"[bold]{escape(title)}[/bold]", align="left")
        try:
            play()
        except Exception as error:  # noqa: BLE001 (the play goes on, and the failure is told)
            where = traceback.extract_tb(error.__traceback__)[-1]
            self._note(
                "Tour", "the chapter broke off", f"{error!r} in {where.name}, line {where.lineno}", ok=False
            )
        self._flush()

    def does(
        self, who: Client, did: str, answer: Json, is_a: str, shown: str | None = None, **facts: object
    ) -> Json:
        """Note an answer that must be of a type and carry these facts; gives the answer back."""
        typename = answer["__typename"]
        wrong = [f"{name} is {answer.get(name)!r}" for name, value in facts.items() if answer.get(name) != value]
        ok = typename == is_a and not wrong
        text = _told(answer) if "message" in answer else shown
        said = f"{typename}: {text}" if text else _with_facts(typename, facts)
        if not ok:
            said += f" (expected {_with_facts(is_a, facts)}; {', '.join(wrong) or 'another type'})"
        self._note(who.name, did, said, ok=ok)
        return answer

    def turned_away(self, who: Client, did: str, answer: Json, code: str) -> None:
        """Note an answer that must be an error with a code, outside the data."""
        errors: list[Json] = answer.get("errors") or []
        found = [error.get("extensions", {}).get("code") for error in errors]
        said = "; ".join(f"{error['message']} ({error.get('extensions', {}).get('code')})" for error in errors)
        self._note(who.name, did, said or f"no error; expected {code}", ok=code in found)

    def holds(self, who: Client | str, what: str, holds: bool, shown: object = "") -> None:
        """Note something that must be so."""
        self._note(who if isinstance(who, str) else who.name, what, _plain(shown), ok=holds)

    def equal(self, who: Client | str, what: str, found: object, expected: object) -> None:
        """Note a value that must be another one."""
        same = found == expected
        shown = _plain(found) if same else f"{found!r}, expected {expected!r}"
        self._note(who if isinstance(who, str) else who.name, what, shown, ok=same)

    def show(self, title: str, columns: Iterable[str], rows: Iterable[Iterable[Any]]) -> None:
        """Show a table of its own, after the steps so far."""
        self._flush()
        table = Table(*columns, title=title, title_justify="left", title_style="bold", box=box.SIMPLE_HEAD)
        for row in rows:
            table.add_row(*(escape("" if cell is None else str(cell)) for cell in row))
        self.screen.print(table)

    def say(self, text: str) -> None:
        """A sentence between the tables."""
        self._flush()
        self.screen.print(text)

    def _note(self, who: str, did: str, said: str, *, ok: bool) -> None:
        self.expectations += 1
        self._steps.append((who, did, said, ok))
        if not ok:
            self.failures.append(f"{self._chapter}: {who}, {did}: {said}")

    def _flush(self) -> None:
        if not self._steps:
            return
        table = Table("who", "what", "answer", "", box=box.SIMPLE_HEAD, pad_edge=False)
        for who, did, said, ok in self._steps:
            cut = said if len(said) <= _ANSWER_LENGTH or not ok else said[: _ANSWER_LENGTH - 1] + "…"
            mark = "[green]✓[/green]" if ok else "[bold red]✗[/bold red]"
            table.add_row(escape(who), escape(did), escape(cut), mark)
        self.screen.print(table)
        self._steps.clear()


def _told(answer: Json) -> str:
    """What a refusal says, with the problems of an input."""
    found: list[Json] = answer.get("problems") or []
    problems = "".join(f" [{each['path']}: {each['message']}]" for each in found)
    return f"{answer.get('message', '')}{problems}"


def _with_facts(typename: str, facts: Json) -> str:
    return f"{typename}: {_plain(facts)}" if facts else typename


def _plain(value: Any) -> str:
    """A value for people: sets and lists as words, objects by their fields."""
    if value is None or value == set():
        return "nothing"
    if isinstance(value, dict):
        fields = cast("Json", value)
        return ", ".join(f"{name} {_plain(each)}" for name, each in fields.items() if name != "__typename")
    if isinstance(value, set | frozenset):
        return ", ".join(sorted(_plain(each) for each in cast("Iterable[Any]", value)))
    if type(value) in (list, tuple):
        return ", ".join(_plain(each) for each in cast("Iterable[Any]", value))
    return f"{value:,}" if isinstance(value, int) and not isinstance(value, bool) else str(value)


def money(value: Json | None) -> str:
    """An amount with its currency, for people."""
    return f"{value['amount']} {value['currency']}" if value else "-"
