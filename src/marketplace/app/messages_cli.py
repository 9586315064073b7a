"""`marketplace messages`: the catalogues that translators edit, kept to what the code says."""

import ast
import re
from collections.abc import Iterator
from enum import StrEnum
from functools import cache
from pathlib import Path
from typing import Annotated, Any

import typer
from babel import Locale
from babel.messages.catalog import Catalog, Message
from babel.messages.pofile import write_po
from rich.console import Console

from marketplace.app.schema import schema
from marketplace.kit import messages
from marketplace.kit.refusals import Refusal, fact_types

SOURCE = Path(__file__).parents[1]
SHOWN = SOURCE / "app" / "tour"
"""Tells its story in English to whoever runs it."""
WIDTH = 110
TEXT_AT = {"Problem": 1, "at": 1, "noted": 0, "say": 0, "bad": 2, "fault": 2, "finding": 4}
"""The position of the template in a call; what a finding advises is a template too."""
_FACT = re.compile(r"\{(\w+)\}")
Key = tuple[str, str | None]
app = typer.Typer(no_args_is_help=True, help="Look after the catalogues of sentences in other languages.")
screen = Console()


def _refusals(above: type[Refusal] = Refusal) -> Iterator[type[Refusal]]:
    for below in above.__subclasses__():
        yield below
        yield from _refusals(below)


def _texts_of(tree: ast.AST) -> Iterator[tuple[str, str | None]]:
    for call in ast.walk(tree):
        if not isinstance(call, ast.Call):
            continue
        name = call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")
        position = TEXT_AT.get(name)
        if position is not None and len(call.args) > position:
            given = call.args[position]
            if isinstance(given, ast.Constant) and isinstance(given.value, str):
                yield given.value, None
        for advice in call.keywords:
            if advice.arg == "advice" and isinstance(advice.value, ast.Constant) and advice.value.value:
                yield str(advice.value.value), None
        if name == "NotFound":
            for what in call.keywords:
                if isinstance(what.value, ast.Constant) and isinstance(what.value.value, str):
                    yield what.value.value, messages.WORD


@cache
def _trees() -> list[ast.Module]:
    files = [file for file in sorted(SOURCE.rglob("*.py")) if SHOWN not in file.parents]
    return [ast.parse(file.read_text()) for file in files]


@cache
def counted() -> dict[str, str]:
    """The sentences that count something, each with how English says it of one."""
    found: dict[str, str] = {}
    for call in (node for tree in _trees() for node in ast.walk(tree)):
        match call:
            case ast.Call(func=ast.Name(id="counted"), args=[ast.Constant(one), ast.Constant(other)]):
                found[str(other)] = str(one)
            case _:
                pass
    return found


def wanted() -> list[Key]:
    """Every template and word that the code can say, each with its context."""
    schema()
    found: set[Key] = {(text, None) for text in counted()}
    for tree in _trees():
        found.update(_texts_of(tree))
    kinds: set[type[StrEnum]] = set(messages.spoken())
    for refusal in _refusals():
        found.add((refusal.text, None))
        for hint in fact_types(refusal).values():
            bare: Any = getattr(hint, "__origin__", hint)
            if isinstance(bare, type) and issubclass(bare, StrEnum):
                kinds.add(bare)
    found.update((value.value, messages.WORD) for kind in kinds for value in kind)
    return sorted((key for key in found if key[0]), key=lambda key: (key[1] or "", key[0]))


def _file_of(language: str) -> Path:
    return messages.FOLDER / f"{language}.po"


def _known(language: str) -> dict[Key, Message]:
    if not _file_of(language).exists():
        return {}
    return {(_text_of(known), known.context): known for known in messages.read(language) if known.id}


def _text_of(known: Message) -> str:
    """The key of a message in the code: of one that counts, how English says it of several."""
    return known.id if isinstance(known.id, str) else known.id[-1]


def _said(known: Message | None) -> tuple[str, ...]:
    """The forms of a message that a catalogue has."""
    if known is None or known.string is None:
        return ()
    return (known.string,) if isinstance(known.string, str) else tuple(known.string)


def _translated(key: Key, known: Message | None, language: str, many: int) -> tuple[str, ...]:
    """What a catalogue says of a key: as many forms as its language has where it counts, else one."""
    before = _said(known)
    one = counted().get(key[0]) if key[1] is None else None
    if one is None:
        return before if len(before) == 1 and before[0] else (_english(key) if language == "en" else "",)
    if language == "en":
        return one, key[0]
    kept = known is not None and not isinstance(known.id, str) and len(before) == many
    return before if kept else ("",) * many


def _english(key: Key) -> str:
    """English says its sentences as they are; of its words only those that differ are in its catalogue."""
    text, context = key
    if context is None:
        return ""
    return text.replace("_", " ").lower() if text.isupper() else text


def _blank(language: str) -> Catalog:
    """A catalogue without messages; by CLDR, where Babel has no rule of gettext's for a language with one form."""
    catalogue = Catalog(locale=language, charset="utf-8", project="rewards-marketplace", fuzzy=False)
    if not Locale.parse(language).plural_form.tags:
        catalogue.mime_headers = [("Plural-Forms", "nplurals=1; plural=0;")]
    return catalogue


def update(language: str) -> int:
    """Bring one catalogue to what the code says; returns how many messages it lacks."""
    known = _known(language)
    catalogue = _blank(language)
    catalogue.header_comment = "# Sentences and words of the marketplace. Translate `msgstr`; keep the {facts}."
    lacking = 0
    for key in wanted():
        one = counted().get(key[0]) if key[1] is None else None
        if language == "en" and key[1] is None and one is None:
            continue
        said = _translated(key, known.get(key), language, catalogue.num_plurals)
        lacking += not all(said)
        if one is None:
            catalogue.add(key[0], said[0], context=key[1])
        else:
            catalogue.add((one, key[0]), said)
    with _file_of(language).open("wb") as file:
        write_po(file, catalogue, width=WIDTH, omit_header=False, sort_output=False)
    _without_dates(_file_of(language))
    return lacking


def _without_dates(file: Path) -> None:
    """Leave out the header's lines that differ by the clock, so that only real changes show."""
    moving = ('"POT-Creation-Date', '"PO-Revision-Date', '"Generated-By', '"Last-Translator', '"Report-Msgid')
    lines = [line for line in file.read_text().splitlines() if not line.startswith(moving)]
    file.write_text("\n".join(lines).rstrip() + "\n")


def problems(language: str) -> Iterator[str]:
    """What is missing from a catalogue, or takes facts that its sentence does not have."""
    known, many = _known(language), _blank(language).num_plurals
    for key in wanted():
        text, context = key
        counts = context is None and text in counted()
        if language == "en" and context is None and not counts:
            continue
        said = _said(known.get(key))
        if not said or not all(said):
            yield f"{language}: not translated: {text}"
        elif len(said) != (many if counts else 1):
            yield f"{language}: has {len(said)} forms, not {many if counts else 1}: {text}"
        elif any(set(_FACT.findall(form)) != set(_FACT.findall(text)) for form in said):
            yield f"{language}: takes other facts: {text}"


@app.command("update")
def update_all() -> None:
    """Bring every catalogue to what the code says; what was translated stays."""
    for language in messages.LANGUAGES:
        lacking = update(language)
        screen.print(f"{language}: {f'{lacking} to translate' if lacking else 'complete'}")


@app.command()
def check(language: Annotated[str | None, typer.Argument(help="One language; else all.")] = None) -> None:
    """Fail when a sentence has no translation, or one with other facts."""
    found = [line for each in ([language] if language else messages.LANGUAGES) for line in problems(each)]
    for line in found:
        screen.print(line, markup=False, soft_wrap=True)
    if found:
        screen.print("Run `marketplace messages update`, then translate what is empty.")
        raise typer.Exit(1)
    screen.print("Every sentence is there in every language.")
