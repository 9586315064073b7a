"""Points liability in the graph, for finance."""

from datetime import date, datetime
from decimal import ROUND_HALF_EVEN, Decimal
from typing import Annotated
from uuid import UUID

import strawberry

from marketplace.finance import backtest, liability, lots
from marketplace.finance.backtest import BackTest, Step
from marketplace.finance.liability import Bucket, Cohort, Part, ProgramLiability
from marketplace.finance.lots import LotRow
from marketplace.kit import clock, ids
from marketplace.kit.actor import ActorKind, Scope
from marketplace.kit.graphql import (
    After,
    BigInt,
    Connection,
    CurrencyCode,
    First,
    Info,
    MoneyType,
    actor_with,
)
from marketplace.kit.paging import decode_cursor, encode_cursor, page_of_rows, page_size
from marketplace.kit.refusals import BadUserInput
from marketplace.members.models import Program

_AsOf = Annotated[
    datetime | None, strawberry.argument(description="At which moment, as it was booked; now, if left out.")
]
_ProgramId = Annotated[strawberry.ID | None, strawberry.argument(description="Only of this program.")]


def _share(value: float) -> Decimal:
    return Decimal(value).quantize(Decimal("0.0001"), ROUND_HALF_EVEN)


@strawberry.type(description="Some of a program's points that are out.")
class LiabilityPart:
    lots: int = strawberry.field(description="How many lots have some of them.")
    available: BigInt = strawberry.field(description="Points that can be spent.")
    held: BigInt = strawberry.field(description="Points set aside for something under way.")
    points: BigInt = strawberry.field(description="Both together.")
    worth: MoneyType = strawberry.field(description="What they are worth at the point value of the day.")
    expected_breakage: BigInt = strawberry.field(description="How many of them are expected to expire unused.")
    expected_breakage_worth: MoneyType = strawberry.field(description="What those are worth.")

    @classmethod
    def of(cls, part: Part) -> "LiabilityPart":
        return cls(
            lots=part.lots,
            available=BigInt(part.available),
            held=BigInt(part.held),
            points=BigInt(part.points),
            worth=MoneyType.of(part.worth),
            expected_breakage=BigInt(part.breakage),
            expected_breakage_worth=MoneyType.of(part.breakage_worth),
        )


@strawberry.type(description="Points by how long ago they were earned.")
class LiabilityBucket:
    from_days: int = strawberry.field(description="Earned at least so many days before.")
    until_days: int | None = strawberry.field(
        description="Earned less than so many days before; null for the oldest."
    )
    part: LiabilityPart = strawberry.field(description="The points.")

    @classmethod
    def of(cls, bucket: Bucket) -> "LiabilityBucket":
        return cls(from_days=bucket.from_days, until_days=bucket.until_days, part=LiabilityPart.of(bucket.part))


@strawberry.type(description="Points by the month they were earned in.")
class LiabilityCohort:
    month: date = strawberry.field(description="The first day of the month, by the program's time zone.")
    part: LiabilityPart = strawberry.field(description="The points.")

    @classmethod
    def of(cls, cohort: Cohort) -> "LiabilityCohort":
        return cls(month=cohort.month, part=LiabilityPart.of(cohort.part))


@strawberry.type(name="ProgramLiability", description="What the points of one program may still cost.")
class ProgramLiabilityType:
    program_id: strawberry.ID = strawberry.field(description="The program.")
    program_code: str = strawberry.field(description="Its code.")
    point_value: Decimal = strawberry.field(description="What a point was worth on the day, in its home currency.")
    total: LiabilityPart = strawberry.field(description="All points that were out.")
    overdue: BigInt = strawberry.field(
        description="Points of it that could not be spent any more that day, and were not booked as breakage yet."
    )
    worth_in_currency: MoneyType | None = strawberry.field(
        description="The worth in the currency asked for; null without one, or when no rate was known."
    )
    rate: Decimal | None = strawberry.field(
        description="The rate used for it: units of it for one of the home currency."
    )
    buckets: list[LiabilityBucket] = strawberry.field(description="By age, the youngest first.")
    cohorts: list[LiabilityCohort] = strawberry.field(description="By month of earning, the oldest first.")
    step_days: Decimal = strawberry.field(description="In steps of how many days ages are counted.")
    used_by_age: list[Decimal] = strawberry.field(
        description="What share of the points there is used in each step of age, by the history up to then; empty "
        "when there is not enough of it, and then no breakage is expected."
    )
    used_later: Decimal = strawberry.field(description="The share that is taken for every later step.")

    @classmethod
    def of(cls, found: ProgramLiability) -> "ProgramLiabilityType":
        run_off = found.run_off
        return cls(
            program_id=strawberry.ID(ids.public("program", found.program.id)),
            program_code=found.program.code,
            point_value=found.point_value,
            total=LiabilityPart.of(found.total),
            overdue=BigInt(found.overdue),
            worth_in_currency=MoneyType.of(found.in_currency) if found.in_currency else None,
            rate=found.rate,
            buckets=[LiabilityBucket.of(each) for each in found.buckets],
            cohorts=[LiabilityCohort.of(each) for each in found.cohorts],
            step_days=Decimal(str(run_off.step_days)),
            used_by_age=[_share(share) for share in run_off.shares],
            used_later=_share(run_off.tail),
        )


@strawberry.type(description="A lot of points that had some left at the moment asked for.")
class LiabilityLot:
    id: strawberry.ID = strawberry.field(description="The opaque id of the lot.")
    member_id: strawberry.ID = strawberry.field(description="Whose it is.")
    earned: BigInt = strawberry.field(description="How many points it began with.")
    available: BigInt = strawberry.field(description="How many could be spent.")
    held: BigInt = strawberry.field(description="How many were set aside.")
    earned_at: datetime = strawberry.field(description="When they were earned.")
    expires_at: datetime | None = strawberry.field(description="When they expire; null for never.")

    @classmethod
    def of(cls, row: LotRow) -> "LiabilityLot":
        return cls(
            id=strawberry.ID(ids.public("lot", row.id)),
            member_id=strawberry.ID(ids.public("member", row.member_id)),
            earned=BigInt(row.points),
            available=BigInt(row.available),
            held=BigInt(row.held),
            earned_at=row.earned_at,
            expires_at=row.expires_at,
        )


@strawberry.type(description="One step of time: what was expected of the points, and what came.")
class BackTestStep:
    until: datetime = strawberry.field(description="The end of the step.")
    expected_used: BigInt = strawberry.field(description="Points that were expected to be used in it.")
    used: BigInt = strawberry.field(description="Points that were, less what came back.")
    expected_expired: BigInt = strawberry.field(description="Points that were expected to expire in it.")
    expired: BigInt = strawberry.field(description="Points that did.")

    @classmethod
    def of(cls, step: Step) -> "BackTestStep":
        return cls(
            until=step.until,
            expected_used=BigInt(step.expected_used),
            used=BigInt(step.used),
            expected_expired=BigInt(step.expected_expired),
            expired=BigInt(step.expired),
        )


@strawberry.type(
    name="BackTest", description="How well a program's later history was foretold by its earlier one."
)
class BackTestType:
    program_code: str = strawberry.field(description="The program.")
    cut: datetime = strawberry.field(description="Only what was booked up to here was known.")
    standing: BigInt = strawberry.field(description="Points that could be spent then; the steps are about them.")
    steps: list[BackTestStep] = strawberry.field(description="What came after the cut.")
    used_error: Decimal = strawberry.field(description="Expected less actual use, as a share of `standing`.")
    expired_error: Decimal = strawberry.field(description="Expected less actual expiry, as a share of `standing`.")

    @classmethod
    def of(cls, found: BackTest) -> "BackTestType":
        return cls(
            program_code=found.program.code,
            cut=found.cut,
            standing=BigInt(found.standing),
            steps=[BackTestStep.of(step) for step in found.steps],
            used_error=_share(found.error_used),
            expired_error=_share(found.error_expired),
        )


async def _program(id: strawberry.ID | None) -> Program | None:
    if id is None:
        return None
    parts = ids.split(id)
    program = await Program.get_or_none(id=parts[1]) if parts and parts[0] == "program" else None
    if program is None:
        raise BadUserInput("`programId` is the id of a program.")
    return program


def _moment(as_of: datetime | None) -> datetime:
    return min(as_of, clock.now()) if as_of else clock.now()


@strawberry.type
class LiabilityQuery:
    @strawberry.field(
        description="What points that are out may still cost, by program, as of a moment, for finance."
    )
    async def points_liability(
        self,
        info: Info,
        as_of: _AsOf = None,
        program_id: _ProgramId = None,
        currency: Annotated[
            CurrencyCode | None,
            strawberry.argument(description="Also in this currency, at the rate of the moment."),
        ] = None,
    ) -> list[ProgramLiabilityType]:
        actor_with(info, Scope.FINANCE_READ, ActorKind.OPERATOR)
        program = await _program(program_id)
        found = await liability.liability(_moment(as_of), program=program, currency=currency)
        return [ProgramLiabilityType.of(each) for each in found]

    @strawberry.field(description="The lots behind the liability of points, for finance.")
    async def liability_lots(
        self,
        info: Info,
        as_of: _AsOf = None,
        program_id: _ProgramId = None,
        first: First = None,
        after: After = None,
    ) -> Connection[LiabilityLot]:
        actor_with(info, Scope.FINANCE_READ, ActorKind.OPERATOR)
        program, size = await _program(program_id), page_size(first)
        begin = _after(after) if after else UUID(int=0)
        rows = await lots.page(_moment(as_of), program.id if program else None, begin, size + 1)
        page = page_of_rows(rows, lambda row: encode_cursor(row.id), first=size, after=after)
        return Connection[LiabilityLot].of(page, LiabilityLot.of)

    @strawberry.field(
        description="What the expectation of breakage would have said earlier, beside what came, for finance."
    )
    async def liability_back_test(
        self,
        info: Info,
        cut: Annotated[
            datetime | None,
            strawberry.argument(
                description="What was booked later is not known; two thirds of the history, if left out."
            ),
        ] = None,
    ) -> list[BackTestType]:
        actor_with(info, Scope.FINANCE_READ, ActorKind.OPERATOR)
        return [BackTestType.of(each) for each in await backtest.back_test(clock.now(), cut=cut)]


def _after(cursor: str) -> UUID:
    try:
        return UUID(decode_cursor(cursor, 1)[0])
    except (ValueError, AttributeError, TypeError):
        raise BadUserInput("This cursor is not one that a page of this list gave.") from None
