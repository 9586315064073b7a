"""Doors to where a partner is paid: changed by one person, agreed on by another, and used after a wait."""

from dataclasses import dataclass
from uuid import UUID

from stdnum import bic as bics
from stdnum import iban as ibans

from marketplace.banking.models import BankDetails, DetailsState
from marketplace.banking.refusals import BankDetailsDecided, BankDetailsPending
from marketplace.banking.steps import details
from marketplace.kit import clock
from marketplace.kit.actor import Actor, ActorKind, Scope
from marketplace.kit.operations import Command, operation
from marketplace.kit.refusals import InvalidInput, NotAllowed, NotFound, Problem, SamePerson
from marketplace.partners.models import Partner

HOLDER_LENGTH = 70
OTHER_LENGTH = 120


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeBankDetails(Command):
    """An account to be paid to: an IBAN, or what a country without them calls an account."""

    holder: str
    iban: str | None
    bic: str | None
    other_account: str | None
    partner_id: UUID | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class DecideBankDetails(Command):
    """Which proposal is decided on."""

    details_id: UUID


def _problems(command: ChangeBankDetails) -> list[Problem]:
    problems: list[Problem] = []
    holder, other = command.holder.strip(), (command.other_account or "").strip()
    if not (0 < len(holder) <= HOLDER_LENGTH and holder.isprintable()):
        problems.append(Problem("holder", "Give 1 to {most} printable characters.", {"most": HOLDER_LENGTH}))
    if bool(command.iban) == bool(other):
        problems.append(Problem("iban", "Give an IBAN, or another account where there are none, and not both."))
    elif command.iban and not ibans.is_valid(command.iban):
        facts = {"iban": command.iban[:40]}
        problems.append(Problem("iban", "{iban} is no IBAN: its check digits do not fit.", facts))
    elif len(other) > OTHER_LENGTH or not other.isprintable():
        problems.append(Problem("otherAccount", "Give 1 to {most} printable characters.", {"most": OTHER_LENGTH}))
    if command.bic and not bics.is_valid(command.bic):
        facts = {"bic": command.bic[:20]}
        problems.append(Problem("bic", "{bic} is no BIC. Give 8 or 11 letters and digits.", facts))
    return problems


def _whose(actor: Actor, asked: UUID | None) -> UUID:
    """The partner itself, or one that finance names."""
    if actor.kind is ActorKind.PARTNER and asked in (None, actor.id):
        return actor.id
    if actor.kind is ActorKind.OPERATOR and actor.may(Scope.FINANCE) and asked is not None:
        return asked
    if actor.kind is ActorKind.OPERATOR and asked is None:
        raise InvalidInput.at("partnerId", "Say which partner.")
    raise NotFound(what="partner")


async def _change(actor: Actor, command: ChangeBankDetails) -> BankDetails:
    partner_id = _whose(actor, command.partner_id)
    problems = _problems(command)
    if problems:
        raise InvalidInput(problems=problems)
    await details.lock_partner(partner_id)
    partner = await Partner.get_or_none(id=partner_id)
    if partner is None:
        raise NotFound(what="partner")
    pending = await BankDetails.get_or_none(partner_id=partner_id, state=DetailsState.PROPOSED.value)
    if pending is not None:
        raise BankDetailsPending(shown=pending.shown)
    iban = ibans.compact(command.iban) if command.iban else None
    account = details.Account(
        holder=command.holder.strip(),
        country=iban[:2] if iban else partner.country,
        iban=iban,
        bic=bics.compact(command.bic) if command.bic else None,
        other=(command.other_account or "").strip() or None,
    )
    return await details.propose(partner_id, account, actor.person or actor.id)


@operation(scope=Scope.PAYOUT_ACCOUNT, returns=BankDetails)
async def change_bank_details(actor: Actor, command: ChangeBankDetails) -> BankDetails:
    """Propose the account that the asking partner is paid to. Nothing is paid there before finance has agreed.

    Changed details also wait COOLING_OFF; until then nothing is paid at all. Raises InvalidInput, NotFound,
    BankDetailsPending.
    """
    if actor.kind is not ActorKind.PARTNER:
        raise NotAllowed("Only a partner changes where it is paid; finance proposes it.")
    return await _change(actor, command)


@operation(scope=Scope.FINANCE, returns=BankDetails)
async def propose_bank_details(actor: Actor, command: ChangeBankDetails) -> BankDetails:
    """The same by finance for a partner; then another person of finance has to agree."""
    return await _change(actor, command)


async def _proposal(details_id: UUID) -> BankDetails:
    found = await BankDetails.get_or_none(id=details_id)
    if found is None:
        raise NotFound(what="bank details")
    await details.lock_partner(found.partner_id)
    return await BankDetails.get(id=details_id)


@operation(scope=Scope.FINANCE, returns=BankDetails)
async def agree_to_bank_details(actor: Actor, command: DecideBankDetails) -> BankDetails:
    """Say, as another person, that these are the partner's. Raises NotFound, SamePerson, BankDetailsDecided."""
    found = await _proposal(command.details_id)
    if found.state != DetailsState.PROPOSED:
        raise BankDetailsDecided(state=DetailsState(found.state))
    if found.proposed_by == actor.id:
        raise SamePerson
    found.state, found.agreed_by, found.agreed_at = DetailsState.AGREED.value, actor.id, clock.now()
    await found.save(update_fields=["state", "agreed_by", "agreed_at"])
    return found


async def _cancel(actor: Actor, found: BankDetails) -> BankDetails:
    in_use = found.state == DetailsState.AGREED and found.usable_from <= clock.now()
    if found.state == DetailsState.CANCELLED or in_use:
        raise BankDetailsDecided(state=DetailsState(found.state))
    found.state, found.cancelled_by = DetailsState.CANCELLED.value, actor.person or actor.id
    await found.save(update_fields=["state", "cancelled_by"])
    return found


@operation(scope=Scope.PAYOUT_ACCOUNT, returns=BankDetails)
async def cancel_bank_details(actor: Actor, command: DecideBankDetails) -> BankDetails:
    """Take back a change that is not in use yet: the old details stay. Raises NotFound, BankDetailsDecided."""
    if actor.kind is ActorKind.PARTNER and not await BankDetails.exists(
        id=command.details_id, partner_id=actor.id
    ):
        raise NotFound(what="bank details")
    if actor.kind is not ActorKind.PARTNER:
        raise NotAllowed("Finance refuses a change.")
    return await _cancel(actor, await _proposal(command.details_id))


@operation(scope=Scope.FINANCE, returns=BankDetails)
async def refuse_bank_details(actor: Actor, command: DecideBankDetails) -> BankDetails:
    """Turn a change down that is not in use yet; one person suffices. Raises NotFound, BankDetailsDecided."""
    return await _cancel(actor, await _proposal(command.details_id))
