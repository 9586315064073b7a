"""Splitting points over several rewards: all of them, or none."""

from dataclasses import dataclass, replace

from marketplace.kit.actor import Actor, Scope
from marketplace.kit.operations import Command, operation
from marketplace.kit.refusals import InvalidInput, Refusal
from marketplace.redemptions.models import Basket
from marketplace.redemptions.operations.redeeming import RedeemOffer, redeem
from marketplace.redemptions.refusals import LineRefused

MOST_LINES = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class RedeemSplit(Command):
    """What is wanted, line by line, each with the points that the person saw for it."""

    lines: tuple[RedeemOffer, ...]


@operation(scope=Scope.REDEEM, returns=Basket)
async def redeem_split(actor: Actor, command: RedeemSplit) -> Basket:
    """Redeem every line in one transaction, each as a redemption of its own.

    Lines are taken in the order of their items, so that two baskets never wait for each other crosswise. Raises
    InvalidInput, or LineRefused for the first line that cannot be had, and then nothing has happened.
    """
    if not 1 <= len(command.lines) <= MOST_LINES:
        raise InvalidInput.at("lines", "Give 1 to {most} lines.", most=MOST_LINES)
    basket = await Basket.create(member_id=actor.id)
    for index, line in sorted(enumerate(command.lines), key=lambda each: (each[1].item_id, each[0])):
        if line.card is not None:
            raise InvalidInput.at(f"lines.{index}.card", "Points alone pay for several rewards. Leave this out.")
        try:
            redemption = await redeem(actor, replace(line, idempotency_key=command.idempotency_key))
            redemption.basket_id = basket.id
            # What waits is written first, and a limit that is passed refuses then.
            await redemption.save(update_fields=["basket_id"])
        except Refusal as refusal:
            raise LineRefused(line=index, reason_code=refusal.code, reason=refusal) from refusal
    return basket
