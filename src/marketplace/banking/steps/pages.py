"""Statements that a bank tells in several pages: kept page by page, and standing once all of them are there.

The entries of a page count at once, as those of a notification do; a day closes only with whole statements.
"""

from collections.abc import Sequence
from uuid import UUID

from marketplace.banking.camt import CLOSING_OFF, Page, Report
from marketplace.banking.models import BankAccount, BankEntry, BankFile, BankPage, BankStatement, Direction
from marketplace.banking.xml import malformed
from marketplace.kit import database
from marketplace.kit.ids import new_id
from marketplace.kit.messages import noted
from marketplace.kit.money import Money

OTHERWISE = noted(
    "Line {line}: page {number} of the statement {id} was read before with other entries. Ask the bank."
)
_TAKE = "UPDATE bank_entry SET statement_id = $2 WHERE page_id = ANY ($1) AND statement_id IS NULL"


async def page_of(
    report: Report, page: Page, account: BankAccount, file: BankFile
) -> tuple[BankStatement | None, BankPage | None, bool]:
    """The statement where it is whole already, else the row of the page, and whether that is news.

    Raises InvalidInput for a page that was told otherwise before.
    """
    whole = await BankStatement.get_or_none(account_id=account.id, bank_id=report.bank_id)
    before = await BankPage.get_or_none(account_id=account.id, bank_id=report.bank_id, number=page.number)
    if before is not None and (before.parts, before.moved_minor) != (len(report.parts), report.moved_minor):
        raise malformed(report.line, "Stmt", OTHERWISE, number=page.number, id=report.bank_id)
    if whole is not None or before is not None:
        return whole, before, False
    made = BankPage(
        id=new_id(),
        account_id=account.id,
        file_id=file.id,
        bank_id=report.bank_id,
        number=page.number,
        is_last=page.is_last,
        parts=len(report.parts),
        moved_minor=report.moved_minor,
        opening_minor=page.opening_minor,
        closing_minor=page.closing_minor,
        closing_on=page.closing_on,
    )
    return None, made, True


async def others_of(page: BankPage, beside: Sequence[BankPage]) -> frozenset[UUID]:
    """The other pages of the same statement, some of them `beside` this one in its message.

    What they tell is not what this one tells again.
    """
    kept = await BankPage.filter(account_id=page.account_id, bank_id=page.bank_id)
    same = [each for each in beside if (each.account_id, each.bank_id) == (page.account_id, page.bank_id)]
    return frozenset(each.id for each in (*kept, *same) if each.id != page.id)


def must_change_nothing(fresh: Sequence[BankEntry], report: Report) -> None:
    """A page of a statement that is whole may tell what nets to nothing; raises InvalidInput for anything else."""
    moved = sum(
        entry.amount_minor if entry.direction == Direction.CREDIT else -entry.amount_minor for entry in fresh
    )
    if moved and report.page is not None:
        raise malformed(report.line, "Stmt", OTHERWISE, number=report.page.number, id=report.bank_id)


async def complete(page: BankPage, line: int) -> None:
    """Make the statement stand if its pages are all there; raises InvalidInput when they are and do not add up."""
    if await BankStatement.exists(account_id=page.account_id, bank_id=page.bank_id):
        return
    pages = await BankPage.filter(account_id=page.account_id, bank_id=page.bank_id).order_by("number")
    first, last = pages[0], pages[-1]
    if len(pages) != last.number - first.number + 1 or first.opening_minor is None or last.closing_minor is None:
        return
    gap = last.closing_minor - first.opening_minor - sum(each.moved_minor for each in pages)
    if gap and (first.number > 1 or not last.is_last):
        return
    if gap:
        account = await BankAccount.get(id=page.account_id)
        raise malformed(line, "Stmt", CLOSING_OFF, gap=Money(gap, account.currency))
    statement = BankStatement(
        id=new_id(),
        account_id=page.account_id,
        file_id=page.file_id,
        bank_id=page.bank_id,
        opening_minor=first.opening_minor,
        closing_minor=last.closing_minor,
        closing_on=last.closing_on,
    )
    await database.add(statement)
    await database.execute(_TAKE, [each.id for each in pages], statement.id)
