"""The one path to a charity, inside a transaction that somebody else opened."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import ROUND_CEILING
from uuid import UUID

from marketplace.donations.models import Pledge, PledgeState
from marketplace.donations.refusals import CharityNotOpen, DonationTooSmall, PledgeNotCancellable
from marketplace.kit import clock, database
from marketplace.kit.ids import new_id
from marketplace.kit.money import Money, convert
from marketplace.ledger import accounts
from marketplace.ledger.models import Purpose
from marketplace.ledger.queries import NoRate
from marketplace.members.models import Program
from marketplace.members.steps import any_slice
from marketplace.partners.models import Accrual, AccrualKind, Partner
from marketplace.partners.steps import Cause, NoContract, accrue, reverse_accrual
from marketplace.partners.wording import DONATION
from marketplace.points.models import Hold
from marketplace.points.steps import give_back, spend_held


@dataclass(frozen=True, slots=True)
class Gift:
    """What a member gives: held points, and the program's held money that they become."""

    hold: Hold
    home_minor: int
    discount: int = 0
    message: str = ""
    redemption_id: UUID | None = None


async def pledge(program: Program, charity: Partner, gift: Gift) -> Pledge:
    """Turn held points and held funding into a pledge with a numbered acknowledgement.

    The points are spent and the charity's payable stands in the books. Raises CharityNotOpen when the charity
    has no contract today or its currency no rate, and DonationTooSmall when nothing would reach it.
    """
    pledge_id, moment = new_id(), clock.now()
    serial: int = await database.value("SELECT nextval('pledge_number')")
    number = f"PLG-{moment:%Y}-{serial:06}"
    source = accounts.program(program.id, Purpose.FUNDING_HELD, program.home_currency)
    cause = Cause(AccrualKind.DONATION, "pledge", pledge_id, DONATION.written(number=number))
    try:
        accrual = await accrue(charity.id, cause, source, gift.home_minor)
    except (NoContract, NoRate):
        raise CharityNotOpen(charity_name=charity.name) from None
    if not accrual.gross_minor:
        raise _too_small(accrual, gift)
    await spend_held(gift.hold, program.id, program.unit, discount=gift.discount)
    return await Pledge.create(
        id=pledge_id,
        number=number,
        member_id=gift.hold.member_id,
        charity=charity,
        redemption_id=gift.redemption_id,
        hold=gift.hold,
        accrual=accrual,
        points=gift.hold.points,
        amount_minor=accrual.gross_minor,
        currency=accrual.currency,
        message=gift.message,
        state=PledgeState.PLEDGED.value,
        pledged_at=moment,
    )


def _too_small(accrual: Accrual, gift: Gift) -> DonationTooSmall:
    """What is given is less than the smallest unit of the charity's currency."""
    smallest = Money(1, accrual.currency)
    home = convert(1, accrual.currency, accrual.source_currency, 1 / accrual.fx_rate, ROUND_CEILING)
    return DonationTooSmall(smallest=smallest, points=-(-home * gift.hold.points // gift.home_minor))


async def cancel_pledge_of(redemption_id: UUID, program: Program, *, ref_id: UUID, discount: int) -> None:
    """Undo the pledge that redeeming a donation offer made; `ref_id` is the refund.

    Raises PledgeNotCancellable once the money has left.
    """
    found = await Pledge.select_for_update().get(redemption_id=redemption_id)
    if found.state != PledgeState.PLEDGED:
        raise PledgeNotCancellable(current=found.state)
    await cancel_pledge(found, program, ref_id=ref_id, discount=discount)


async def cancel_pledge(pledge: Pledge, program: Program, *, ref_id: UUID, discount: int = 0) -> None:
    """Undo a pledge that has not been remitted: points to their lots, money to the program's funding.

    The caller holds the pledge's row and has seen that it is PLEDGED. `ref_id` is the refund.
    """
    hold = await Hold.get(id=pledge.hold_id)
    points = hold.points
    await give_back(hold, program.id, program.unit, points, ref_type="refund", ref_id=ref_id, discount=discount)
    accrual = await Accrual.get(id=pledge.accrual_id)
    await reverse_accrual(accrual, any_slice(program), ref_type="refund", ref_id=ref_id)
    pledge.state = PledgeState.CANCELLED.value
    await pledge.save(update_fields=["state"])


_REMIT = """
UPDATE pledge SET state = $2, remitted_at = $3
WHERE accrual_id = ANY ($1) AND state = $4 RETURNING id"""
_NEWEST = "SELECT coalesce(max(sequence), 0)::bigint FROM donation_receipt WHERE year = $1"
_RECEIPTS = """
INSERT INTO donation_receipt (id, pledge_id, number, year, sequence, amount_minor, currency, issued_at)
SELECT u.id, p.id, 'DR-' || $3::int || '-' || to_char($4::bigint + u.place, 'FM000000000'), $3,
    $4::bigint + u.place, p.amount_minor, p.currency, $5
FROM unnest($1::uuid[], $2::uuid[]) WITH ORDINALITY AS u (id, pledge_id, place)
JOIN pledge p ON p.id = u.pledge_id"""
_VOID = "UPDATE donation_receipt SET voided_at = $2 WHERE pledge_id = ANY ($1) AND voided_at IS NULL"


async def remit(accrual_ids: Sequence[UUID]) -> int:
    """The money of these accruals has reached the charity's bank: PLEDGED -> REMITTED, each with a receipt.

    Receipts of a year are numbered one after the other, in the order of the donations. Returns how many.
    """
    states = (PledgeState.REMITTED.value, clock.now(), PledgeState.PLEDGED.value)
    pledges = sorted(row["id"] for row in await database.rows(_REMIT, list(accrual_ids), *states))
    if pledges:
        year = clock.today().year
        await database.lock("donation receipts", year)
        newest = int(await database.value(_NEWEST, year))
        await database.execute(_RECEIPTS, [new_id() for _ in pledges], pledges, year, newest, clock.now())
    return len(pledges)


async def take_back_remittance(accrual_ids: Sequence[UUID]) -> int:
    """The bank took the money of these accruals back: REMITTED -> PLEDGED, and receipts are void.

    Their numbers stay theirs. Returns how many.
    """
    states = (PledgeState.PLEDGED.value, None, PledgeState.REMITTED.value)
    pledges = [row["id"] for row in await database.rows(_REMIT, list(accrual_ids), *states)]
    await database.execute(_VOID, pledges, clock.now())
    return len(pledges)
