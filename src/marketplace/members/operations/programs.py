"""What a program and the operator do with programs and members."""

from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from uuid import UUID

from marketplace.kit import clock, database, facts, money
from marketplace.kit.actor import Actor, Scope
from marketplace.kit.messages import noted
from marketplace.kit.operations import Command, operation
from marketplace.kit.refusals import InvalidInput, NotFound, Problem
from marketplace.members import rules, tier_steps
from marketplace.members.facts import MemberEnrolled
from marketplace.members.models import Member, MemberStatus, PersonalData, PointValue, Program, TierLevel
from marketplace.members.policies import Policy, problems_of_policy
from marketplace.members.refusals import MemberReferenceReused, ProgramCodeTaken
from marketplace.members.steps import state_policy


@dataclass(frozen=True, slots=True, kw_only=True)
class EnrolMember(Command):
    """A person joins the actor's program. `subject` is the `sub` of their tokens."""

    reference: str
    subject: str
    country: str
    languages: tuple[str, ...]
    tier: str | None = None
    name: str = ""
    email: str = ""


@operation(scope=Scope.MEMBERS_ENROL, returns=Member)
async def enrol_member(actor: Actor, command: EnrolMember) -> Member:
    """Enrol a person, once for each of the program's references.

    The same reference with the same facts answers the member there is, under any idempotency key. Raises
    MemberReferenceReused for other facts, and InvalidInput.
    """
    program = await Program.get(id=actor.id)
    tier = await _tier(program, command.tier)
    problems = rules.problems_of_member(command.country, list(command.languages), program.countries)
    problems += rules.problems_of_texts(
        [
            ("reference", command.reference, 1, rules.LONGEST_REFERENCE),
            ("subject", command.subject, 1, 200),
            ("name", command.name, 0, 200),
            ("email", command.email, 0, 320),
        ]
    )
    if problems:
        raise InvalidInput(problems=problems)
    wanted = (command.subject, command.country, list(command.languages), tier.id if tier else None)
    await database.lock("member", program.id, command.reference)
    known = await Member.get_or_none(program_id=program.id, reference=command.reference)
    if known is not None:
        if (known.subject, known.country, known.languages, known.tier_id) != wanted:
            raise MemberReferenceReused(reference=command.reference)
        return known
    if await Member.exists(program_id=program.id, subject=command.subject):
        raise InvalidInput.at("subject", "Another member of the program has this subject.")
    member = await Member.create(
        program=program,
        reference=command.reference,
        subject=command.subject,
        country=command.country,
        languages=list(command.languages),
        status=MemberStatus.ACTIVE.value,
        enrolled_at=clock.now(),
    )
    if tier is not None:
        await tier_steps.give(member, tier)
    await PersonalData.create(member=member, name=command.name, email=command.email)
    await facts.state(MemberEnrolled(member.id, program.id))
    return member


async def _tier(program: Program, code: str | None) -> TierLevel | None:
    if code is None:
        return None
    levels = {level.code: level for level in await TierLevel.filter(program_id=program.id).order_by("rank")}
    if code not in levels:
        raise InvalidInput.at(
            "tier", "The program has no tier {code}. It has: {known}.", code=code[:40], known=list(levels)
        )
    return levels[code]


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeMember(Command):
    """New facts of a member; None leaves a fact as it is."""

    member_id: UUID
    country: str | None = None
    languages: tuple[str, ...] | None = None
    tier: str | None = None


@operation(scope=Scope.MEMBERS_ENROL, returns=Member)
async def change_member(actor: Actor, command: ChangeMember) -> Member:
    """Move a member of the program to another country, language or tier. Raises NotFound, InvalidInput."""
    member = await Member.filter(id=command.member_id, program_id=actor.id).select_for_update().first()
    if member is None:
        raise NotFound(what="member")
    program = await Program.get(id=actor.id)
    member.country = command.country or member.country
    member.languages = list(command.languages) if command.languages is not None else member.languages
    if problems := rules.problems_of_member(member.country, member.languages, program.countries):
        raise InvalidInput(problems=problems)
    tier = await _tier(program, command.tier)
    await member.save(update_fields=["country", "languages"])
    if tier is not None and tier.id != member.tier_id:
        await tier_steps.give(member, tier)
    return member


@dataclass(frozen=True, slots=True, kw_only=True)
class ConfirmIdentity(Command):
    """The program has seen who a member is, or takes that back."""

    member_id: UUID
    confirmed: bool = True


@operation(scope=Scope.MEMBERS_ENROL, returns=Member)
async def confirm_identity(actor: Actor, command: ConfirmIdentity) -> Member:
    """Note that the program has verified a member's identity; no document is kept here. Raises NotFound."""
    member = await Member.filter(id=command.member_id, program_id=actor.id).select_for_update().first()
    if member is None:
        raise NotFound(what="member")
    if (member.identity_confirmed_at is not None) != command.confirmed:
        member.identity_confirmed_at = clock.now() if command.confirmed else None
        await member.save(update_fields=["identity_confirmed_at"])
    return member


@dataclass(frozen=True, slots=True)
class NewTier:
    """A level of a program, given lowest first."""

    code: str
    name: str
    discount_bp: int


@dataclass(frozen=True, slots=True, kw_only=True)
class CreateProgram(Command):
    """A business that gives points to its customers."""

    code: str
    name: str
    point_name: str
    home_currency: str
    point_value: Decimal
    timezone: str
    countries: tuple[str, ...]
    issuer: str
    audience: str
    jwks_uri: str | None = None
    tiers: tuple[NewTier, ...] = ()
    policy: Policy = field(default_factory=Policy)


def _problems_of_program(command: CreateProgram) -> list[Problem]:
    checks = [
        (
            bool(rules.PROGRAM_CODE.fullmatch(command.code)),
            "code",
            noted("Use 2 to 20 capitals and digits."),
        ),
        (
            money.is_currency(command.home_currency),
            "homeCurrency",
            noted("This is not an ISO 4217 currency code."),
        ),
        (rules.is_timezone(command.timezone), "timezone", noted("This is not an IANA time zone.")),
        (bool(command.countries), "countries", noted("Name at least one country.")),
    ]
    problems = [Problem(path, message) for sound, path, message in checks if not sound]
    problems += rules.problems_of_point_value("pointValue", command.point_value)
    problems += problems_of_policy(command.policy, ())
    problems += rules.problems_of_tiers([(tier.code, tier.name, tier.discount_bp) for tier in command.tiers])
    problems += rules.problems_of_texts(
        [
            ("name", command.name, 1, 120),
            ("pointName", command.point_name, 1, 60),
            ("issuer", command.issuer, 1, 300),
            ("audience", command.audience, 1, 120),
            ("jwksUri", command.jwks_uri or "", 0, 300),
        ]
    )
    wrong = [country for country in command.countries if not rules.is_country(country)]
    return problems + [
        Problem("countries", "{code} is not an ISO 3166-1 country.", {"code": code}) for code in wrong
    ]


@operation(scope=Scope.PARTNERS_MANAGE, returns=Program)
async def create_program(actor: Actor, command: CreateProgram) -> Program:
    """Open a program with its tiers and the value of a point from today. Raises ProgramCodeTaken, InvalidInput."""
    if problems := _problems_of_program(command):
        raise InvalidInput(problems=problems)
    await database.lock("program")
    if await Program.exists(code=command.code) or await Program.exists(issuer=command.issuer):
        raise ProgramCodeTaken(program_code=command.code)
    program = await Program.create(
        code=command.code,
        name=command.name,
        point_name=command.point_name,
        home_currency=command.home_currency,
        timezone=command.timezone,
        countries=list(command.countries),
        issuer=command.issuer,
        audience=command.audience,
        jwks_uri=command.jwks_uri,
        created_at=clock.now(),
    )
    await state_policy(program.id, "", program.created_at, command.policy)
    today = clock.today(command.timezone)
    await PointValue.create(program=program, valid_from=today, value=command.point_value)
    for rank, tier in enumerate(command.tiers):
        await TierLevel.create(
            program=program, code=tier.code, name=tier.name, rank=rank, discount_bp=tier.discount_bp
        )
    return program


@dataclass(frozen=True, slots=True, kw_only=True)
class SetPointValue(Command):
    """What a point of a program is worth from a day on, in major units of its home currency."""

    program_id: UUID
    value: Decimal
    valid_from: date


@operation(scope=Scope.FINANCE, returns=PointValue)
async def set_point_value(actor: Actor, command: SetPointValue) -> PointValue:
    """State a point's value from today or a later day on. The past keeps its values. Raises InvalidInput."""
    program = await Program.get_or_none(id=command.program_id)
    if program is None:
        raise NotFound(what="program")
    problems = list(rules.problems_of_point_value("value", command.value))
    if command.valid_from < clock.today(program.timezone):
        problems.append(Problem("validFrom", "The past keeps its values: name today or a later day."))
    elif await PointValue.exists(program_id=program.id, valid_from=command.valid_from):
        problems.append(Problem("validFrom", "There is a value from this day already."))
    if problems:
        raise InvalidInput(problems=problems)
    return await PointValue.create(program=program, valid_from=command.valid_from, value=command.value)
