"""Doors to our accounts, and to what banks send."""

import asyncio
import hashlib
from dataclasses import dataclass
from datetime import date

from stdnum import bic as bics
from stdnum import iban as ibans

from marketplace.banking import camt, pain002, xml
from marketplace.banking.models import BankAccount, BankFile, FileKind
from marketplace.banking.refusals import BankAccountKnown
from marketplace.banking.steps import incoming
from marketplace.banking.xml import Element, malformed
from marketplace.kit import clock
from marketplace.kit.actor import Actor, Scope
from marketplace.kit.ids import new_id
from marketplace.kit.messages import noted
from marketplace.kit.money import Money
from marketplace.kit.operations import Command, operation
from marketplace.kit.refusals import InvalidInput, Problem
from marketplace.ledger import accounts, queries
from marketplace.ledger.models import Purpose
from marketplace.ledger.steps import Entry, post

NAME_LENGTH = 70


@dataclass(frozen=True, slots=True, kw_only=True)
class RegisterBankAccount(Command):
    """An account of ours, and what stood there when the day began from which it is counted."""

    iban: str
    bic: str
    holder: str
    opening: Money
    opened_on: date


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadBankFile(Command):
    """A message of a bank, as it came."""

    filename: str
    content: bytes


def _problems(command: RegisterBankAccount) -> list[Problem]:
    problems: list[Problem] = []
    if not ibans.is_valid(command.iban):
        problems.append(
            Problem("iban", "{iban} is no IBAN: its check digits do not fit.", {"iban": command.iban[:40]})
        )
    if not bics.is_valid(command.bic):
        problems.append(
            Problem("bic", "{bic} is no BIC. Give 8 or 11 letters and digits.", {"bic": command.bic[:20]})
        )
    holder = command.holder.strip()
    if not (0 < len(holder) <= NAME_LENGTH and holder.isprintable()):
        problems.append(Problem("holder", "Give 1 to {most} printable characters.", {"most": NAME_LENGTH}))
    if command.opened_on > clock.today("Etc/GMT-14"):
        problems.append(Problem("openedOn", "This day has not come yet."))
    return problems


@operation(scope=Scope.FINANCE, returns=BankAccount)
async def register_bank_account(actor: Actor, command: RegisterBankAccount) -> BankAccount:
    """Count an account of ours from a day on. Afterwards BANK stands at its opening balance and BANK_CLEARING at
    zero, against OWN_FUNDS: what the books had of this currency before has come by then.

    Raises InvalidInput, and BankAccountKnown when there is one in this currency.
    """
    problems = _problems(command)
    if problems:
        raise InvalidInput(problems=problems)
    currency, iban = command.opening.currency, ibans.compact(command.iban)
    known = await BankAccount.get_or_none(currency=currency) or await BankAccount.get_or_none(iban=iban)
    if known is not None:
        raise BankAccountKnown(known_iban=known.iban, known_currency=known.currency)
    account = await BankAccount.create(
        iban=iban,
        bic=bics.compact(command.bic),
        holder=command.holder.strip(),
        currency=currency,
        opening_minor=command.opening.minor,
        opened_on=command.opened_on,
        registered_by=actor.id,
        registered_at=clock.now(),
    )
    await _open(account)
    return account


async def _open(account: BankAccount) -> None:
    """Both accounts are assets, whose balance in the books is below zero when there is something."""
    own, entries = accounts.house(Purpose.OWN_FUNDS, account.currency), list[Entry]()
    for purpose, wanted in ((Purpose.BANK, account.opening_minor), (Purpose.BANK_CLEARING, 0)):
        key = accounts.house(purpose, account.currency)
        missing = wanted + await queries.balance(key)
        if missing:
            entries.append(Entry(key, own, missing) if missing > 0 else Entry(own, key, -missing))
    if entries:
        await post("bank.opened", "bank_account", account.id, entries, effective_on=account.opened_on)


def _understood(root: Element) -> camt.Message | pain002.Answer:
    if camt.is_camt(root):
        return camt.read(root)
    if pain002.is_pain002(root):
        return pain002.read(root)
    raise malformed(root.line, root.name, noted("Line {line}: this is no camt.053, camt.054 or pain.002."))


async def _read(actor: Actor, command: ReadBankFile) -> BankFile:
    root = await asyncio.to_thread(xml.read, command.content)
    message = await asyncio.to_thread(_understood, root)
    kind = message.kind if isinstance(message, camt.Message) else FileKind.PAIN002
    sha256 = hashlib.sha256(command.content).hexdigest()
    page = message.page if isinstance(message, camt.Message) else 1
    before = await incoming.known_file(kind, message.message_id, page, sha256)
    if before is not None:
        return before
    file = BankFile(
        id=new_id(),
        kind=kind.value,
        message_id=message.message_id,
        page=page,
        name="".join(sign for sign in command.filename if sign.isprintable())[:200],
        sha256=sha256,
        read_by=actor.id,
        read_at=clock.now(),
    )
    if isinstance(message, camt.Message):
        return await incoming.keep_message(message, file)
    return await incoming.keep_answer(message, file)


@operation(scope=Scope.FINANCE, returns=BankFile)
async def read_bank_file(actor: Actor, command: ReadBankFile) -> BankFile:
    """Read a bank's message: a file that was read before, and an entry that was told before, change nothing.

    Raises InvalidInput that names line and element, BankMessageReused; then nothing of the file is kept.
    """
    return await _read(actor, command)


@operation(scope=Scope.SYSTEM, returns=BankFile)
async def read_bank_file_here(actor: Actor, command: ReadBankFile) -> BankFile:
    """The same for the command line of this installation."""
    return await _read(actor, command)
