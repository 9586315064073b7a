"""How a program calls its points, in the languages its members read."""

from collections.abc import Mapping
from dataclasses import dataclass
from uuid import UUID

from marketplace.kit.actor import Actor, ActorKind, Scope
from marketplace.kit.operations import Command, operation
from marketplace.kit.refusals import InvalidInput, NotFound
from marketplace.members import point_names
from marketplace.members.models import Program


@dataclass(frozen=True, slots=True)
class NewForms:
    """A language, and the word for points in the forms it has."""

    language: str
    forms: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class SetPointForms(Command):
    """Every language in which the program names its points."""

    program_id: UUID
    forms: tuple[NewForms, ...]


@operation(scope=Scope.PROGRAM_MANAGE, returns=Program)
async def set_point_forms(actor: Actor, command: SetPointForms) -> Program:
    """State anew what points are called in which language. Raises NotFound, InvalidInput."""
    program = await Program.filter(id=command.program_id).select_for_update().first()
    if program is None or (actor.kind is ActorKind.PROGRAM and actor.id != program.id):
        raise NotFound(what="program")
    if problems := point_names.problems([(each.language, each.forms) for each in command.forms]):
        raise InvalidInput(problems=problems)
    program.point_forms = {
        each.language: {form: word.strip() for form, word in each.forms.items()} for each in command.forms
    }
    await program.save(update_fields=["point_forms"])
    return program
