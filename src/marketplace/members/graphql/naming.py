"""What a program calls its points, in the graph."""

from typing import Annotated

import strawberry

from marketplace.kit.actor import Scope
from marketplace.kit.graphql import BigInt, Info, LanguageTag, WriteInput, actor_with, extend, id_of, mutation
from marketplace.kit.refusals import NotFound
from marketplace.members import operations
from marketplace.members.graphql.types import ProgramType
from marketplace.members.point_names import FORMS

Many = Annotated[BigInt, strawberry.argument(description="How many.")]


@strawberry.type(description="What points are called in a language, in the forms that go with numbers there.")
class PointForms:
    language: LanguageTag = strawberry.field(description="The language.")
    one: str | None = strawberry.field(description="With 1, and in Russian with 21, 31 …")
    few: str | None = strawberry.field(description="With 2, 3, 4, 22 … in Russian; other languages have none.")
    many: str | None = strawberry.field(description="With 5, 6, 11 … in Russian; other languages have none.")
    other: str | None = strawberry.field(description="With every other number.")


@strawberry.input(description="What points are called in a language, in the forms that go with numbers there.")
class PointFormsInput:
    language: LanguageTag = strawberry.field(description="The language: en, sv, nb, nl, ms or ru.")
    one: str | None = strawberry.field(default=None, description="With 1, and in Russian with 21, 31 …")
    few: str | None = strawberry.field(default=None, description="With 2, 3, 4, 22 …, in Russian.")
    many: str | None = strawberry.field(default=None, description="With 5, 6, 11 …, in Russian.")
    other: str | None = strawberry.field(
        default=None, description="With every other number; Russian does without it."
    )

    def command(self) -> operations.NewForms:
        """The forms that are given."""
        given = {form: getattr(self, form) for form in FORMS}
        return operations.NewForms(self.language, {form: word for form, word in given.items() if word is not None})


@strawberry.input(description="What a program's points are called; a language that is left out has no forms.")
class SetPointFormsInput(WriteInput):
    program_id: strawberry.ID = strawberry.field(description="The program.")
    forms: list[PointFormsInput] = strawberry.field(description="Every language in which they are named.")


@extend(ProgramType)
class NamedPoints:
    @strawberry.field(
        description="What its points are called by language. In others sentences take `pointName` as it is."
    )
    def point_forms(self, program: strawberry.Parent[ProgramType]) -> list[PointForms]:
        return [
            PointForms(language=LanguageTag(language), **{form: words.get(form) for form in FORMS})
            for language, words in sorted(program.row.point_forms.items())
        ]

    @strawberry.field(description="So many of its points in words, in your language, such as 3 stars.")
    def points_text(self, program: strawberry.Parent[ProgramType], info: Info, points: Many) -> str:
        return program.row.points_called.of(points).said(info.context.languages)


@strawberry.type
class NamingMutation:
    @mutation(
        gives=ProgramType,
        refuses=(NotFound,),
        description="Set what your points are called by language, so that sentences count them rightly.",
    )
    async def set_point_forms(self, info: Info, input: SetPointFormsInput) -> ProgramType:
        actor = actor_with(info, Scope.PROGRAM_MANAGE)
        command = operations.SetPointForms(
            idempotency_key=input.idempotency_key,
            program_id=id_of("program", input.program_id, "programId"),
            forms=tuple(each.command() for each in input.forms),
        )
        return ProgramType.of(await operations.set_point_forms(actor, command))
