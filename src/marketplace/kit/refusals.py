"""Why the house says no. A refusal rolls its operation back and reaches the caller as data."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Annotated, Any, ClassVar, get_type_hints

from marketplace.kit import messages
from marketplace.kit.messages import noted
from marketplace.kit.next_steps import NextStep, NextStepKind


class Refusal(Exception):
    """Base of every expected refusal. A subclass declares its facts as annotations:

        class InsufficientPoints(Refusal):
            code = "INSUFFICIENT_POINTS"
            text = "This needs {required} points and you have {available}."
            required: Annotated[int, "Points that are needed."]

    and is raised with them: `InsufficientPoints(required=500, available=50)`.
    """

    code: ClassVar[str] = "REFUSED"
    text: ClassVar[str] = "This cannot be done."

    def __init__(self, **facts: Any) -> None:
        expected = fact_types(type(self))
        if facts.keys() != expected.keys():
            raise TypeError(f"{type(self).__name__} states {sorted(expected)}, not {sorted(facts)}")
        super().__init__(self.code)
        self.facts = facts
        for name, value in facts.items():
            setattr(self, name, value)

    @property
    def message(self) -> str:
        """The refusal in an English sentence."""
        return self.said(())

    def said(self, languages: Iterable[str]) -> str:
        """The refusal in a sentence for the person who asked, in the first of their languages that we speak."""
        return messages.say(self.template, self.facts, languages)

    @property
    def template(self) -> str:
        """The sentence with its facts still to be filled in; a subclass may choose among several."""
        return self.text

    @property
    def next_step(self) -> NextStep | None:
        """What to do next; None where the sentence says it all."""
        return None

    def __str__(self) -> str:
        return self.message


@cache
def fact_types(refusal: type[Refusal]) -> dict[str, Any]:
    """The declared facts of a refusal with their (Annotated) types, base classes first."""
    hints = get_type_hints(refusal, include_extras=True)
    return {
        name: hint for name, hint in hints.items() if name not in {"code", "text"} and "ClassVar" not in str(hint)
    }


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing wrong with an input: where, and what to do about it, as a template with its facts."""

    path: str
    text: str
    facts: Mapping[str, object] = field(default_factory=dict[str, object])

    @property
    def message(self) -> str:
        """What is wrong and how to mend it, in English."""
        return self.said(())

    def said(self, languages: Iterable[str]) -> str:
        """What is wrong and how to mend it, in the first of a reader's languages that we speak."""
        return messages.say(self.text, self.facts, languages)


class InvalidInput(Refusal):
    """The input cannot be used as it is; all problems are listed at once."""

    code = "INVALID_INPUT"
    text = "Something in the request needs mending."
    problems: Annotated[list[Problem], "Everything that is wrong, each with its place."]

    @property
    def next_step(self) -> NextStep:
        """Mend it."""
        return NextStep(NextStepKind.MEND_INPUT, noted("Mend what is named, and send it again."))

    @classmethod
    def at(cls, path: str, text: str, **facts: object) -> "InvalidInput":
        """One problem at one place: a template with its facts."""
        return cls(problems=[Problem(path, text, facts)])


class NotFound(Refusal):
    """There is no such thing, or it is not yours to see."""

    code = "NOT_FOUND"
    text = "There is no such {what}."
    what: Annotated[str, "The kind of thing that was looked for."]


class IdempotencyKeyReused(Refusal):
    """The same idempotency key arrived before with a different request."""

    code = "IDEMPOTENCY_KEY_REUSED"
    text = "This idempotency key was used for a different request. Use a new key for a new request."


class InProgress(Refusal):
    """The same or a clashing request is still being worked on."""

    code = "IN_PROGRESS"
    text = "This is still being worked on. Ask again with the same key in a moment."

    @property
    def next_step(self) -> NextStep:
        """Wait for the twin."""
        return NextStep(NextStepKind.TRY_AGAIN, noted("Ask again with the same key in a moment."))


class SamePerson(Refusal):
    """What takes two people is decided by another person than the one who proposed it."""

    code = "SAME_PERSON"
    text = "You proposed this yourself. Somebody else has to decide on it."


class TopLevelError(Exception):
    """Not data: the request itself is not allowed or malformed. `code` goes to `extensions.code`."""

    code: ClassVar[str] = "BAD_USER_INPUT"


class Unauthenticated(TopLevelError):
    """No token, or one that is not valid (any more)."""

    code = "UNAUTHENTICATED"


class NotAllowed(TopLevelError):
    """The token lacks the scope that this asks for."""

    code = "FORBIDDEN"


class BadUserInput(TopLevelError):
    """An argument that cannot be understood, such as a broken cursor."""

    code = "BAD_USER_INPUT"


class WrongCurrency(Refusal):
    """The amount is not in the currency that this is kept in."""

    code = "WRONG_CURRENCY"
    text = "This is kept in {expected}, not in {given}."
    expected: Annotated[str, "The currency that it must be in."]
    given: Annotated[str, "The currency that was given."]
