"""What takes somebody several steps, for one side of the world: parcels, batches, freezes, drops, rules."""

from datetime import timedelta
from typing import Any

from marketplace.banking.steps import plan_transfer
from marketplace.billing.invoicing import bill
from marketplace.billing.matching import Credit, match_credit
from marketplace.billing.models import InvoiceKind, TopUp
from marketplace.catalog.models import Item
from marketplace.kit import clock, database, ids
from marketplace.kit.ids import new_id
from marketplace.kit.money import Money
from marketplace.members.models import Member, Program
from marketplace.partners.models import Brand, Partner
from tests import builders
from tests.banking.messages import OURS, THEIRS, Booked, statement
from tests.client import Caller, as_operator, as_partner, as_program
from tests.redemptions.world import ADDRESS

PROMPT: dict[str, Any] = {"kind": "FIXED", "events": ["REVIEW"], "points": 5}


async def done(caller: Caller, mutation: str, selection: str = "", **fields: object) -> Any:
    """What a mutation answers that must succeed."""
    answer = await caller.do(mutation, selection, **fields)
    assert "code" not in answer, (mutation, answer)
    return answer


async def send_and_want_back(phone: Caller, shop: Caller, mug: Item) -> None:
    """A mug that leaves in a parcel, arrives, and is to go back."""
    order = await _take(phone, mug, address=ADDRESS)
    parcel = await done(shop, "packParcel", "... on Parcel { id }", redemptionId=order)
    await done(shop, "shipParcel", parcelId=parcel["id"], carrier="PostNL", tracking="3S1")
    await done(shop, "moveParcel", parcelId=parcel["id"], state="DELIVERED")
    await done(phone, "requestReturn", redemptionId=order, reason="It is too blue")


async def collect(phone: Caller, shop: Caller, stars: Item) -> None:
    """A credit that its partner has collected to carry out."""
    await _take(phone, stars, membershipNumber="12345678", lots=1)
    await done(shop, "collectCredits")


async def freeze_and_plan(shop: Caller, brand: Brand, name: str) -> None:
    """A voucher whose codes are stopped, and one that opens next week."""
    leaked = await builders.a_voucher([f"LEAKED-{name}"], brand=brand)
    await done(shop, "freezeCodes", itemId=ids.public("item", leaked.id), reason=f"Leaked on the {name}")
    awaited = await builders.a_voucher([f"AWAITED-{name}"], brand=brand)
    opens = clock.now() + timedelta(days=7)
    await done(
        as_operator(new_id(), "catalogue"),
        "planDrop",
        offerId=ids.public("offer", awaited.offer_id),
        opensAt=opens.isoformat(),
        endsAt=(opens + timedelta(hours=1)).isoformat(),
    )


async def pay_and_lend(program: Program, name: str) -> None:
    """Money that a bank told of, and a line of credit."""
    top_up = await TopUp.get(program_id=program.id)
    async with database.transaction():
        texts = [top_up.creditor_reference or "", f"From the {name}"]
        await match_credit(Credit(f"entry-{name}", texts, Money(5_00, top_up.currency)))
    wish = {"programId": ids.public("program", program.id), "reason": f"For the {name}"}
    limit = {"amount": "10.00", "currency": program.home_currency}
    first, second = as_operator(new_id(), "finance"), as_operator(new_id(), "finance")
    asked = await done(first, "proposeCreditLine", "... on CreditLineChange { id }", limit=limit, **wish)
    await done(second, "approveCreditLine", changeId=asked["id"])
    below = {"amount": "1000000.00", "currency": program.home_currency}
    await done(as_program(program.id), "setFundingAlert", below=below)
    async with database.transaction():
        await bill(await Program.get(id=program.id), InvoiceKind.CREDIT, 1_00, 14)


async def state_account(program: Program) -> None:
    """A statement of the program's account, up to and with the day before yesterday."""
    until = (clock.today(program.timezone) - timedelta(days=2)).isoformat()
    wish = {"programId": ids.public("program", program.id), "until": until}
    await done(as_operator(new_id(), "finance"), "issueProgramStatement", **wish)


async def buy_points(program: Program, shop: Caller, member: Member, name: str) -> None:
    """A price of the program's points, an order that a partner pays by invoice, one it has, and points it gave."""
    price = {"amount": "10.00", "currency": program.home_currency}
    await done(as_program(program.id), "setCoalitionRate", perThousand=price)
    wish: dict[str, Any] = {"programId": ids.public("program", program.id), "points": 1000, "expectedPrice": price}
    await done(shop, "orderCoalitionPoints", "", payment="INVOICE", **wish)
    await done(shop, "orderCoalitionPoints", "", payment="NETTED", **wish)
    sale = {"programId": wish["programId"], "memberReference": member.reference, "reference": f"till-{name}"}
    await done(shop, "awardCoalitionPoints", points=10, reason=f"Bought on the {name}", **sale)


async def earn(program: Program, member: Member, name: str) -> None:
    """A rule with a budget, and an event that earned by it."""
    server = as_program(program.id)
    budget = f"budget-of-the-{name}"
    await done(server, "addToBudget", code=budget, points=1000, reference=f"promised-on-the-{name}")
    rule = await done(
        server,
        "draftRule",
        "... on EarningRule { id }",
        code=f"rule-of-the-{name}",
        objective=f"More reviews on the {name}",
        measure="EVENTS",
        budgetCode=budget,
        terms=PROMPT,
    )
    await done(server, "startRule", ruleId=rule["id"])
    happened = {"type": "REVIEW", "reference": f"event-on-the-{name}"}
    await done(server, "recordEvent", event=happened | {"member": {"memberId": ids.public("member", member.id)}})


async def listen(program: Program, shop: Caller, name: str) -> None:
    """Both want to be told of what happens."""
    for caller in (shop, as_program(program.id)):
        await done(caller, "createWebhookEndpoint", url=f"https://example.org/told-on-the-{name}")


async def _take(phone: Caller, item: Item, **more: object) -> str:
    fields = {"itemId": ids.public("item", item.id), "expectedPoints": 1000} | more
    return (await done(phone, "redeemOffer", "... on Redemption { id }", **fields))["id"]


async def bank(finance: Caller, *partners: Partner) -> None:
    """An account of ours with an entry, and partners' accounts with a transfer to each in a batch."""
    money = {"amount": "1000.00", "currency": "EUR"}
    ours: dict[str, Any] = {"iban": OURS, "bic": "ABNANL2A", "holder": "The Marketplace"}
    await done(finance, "registerBankAccount", opening=money, openedOn="2026-11-01", **ours)
    for partner, iban in zip(partners, (THEIRS, "FR1420041010050500013M02606"), strict=True):
        asked = {"holder": partner.name, "iban": iban}
        named = await done(as_partner(partner.id), "changeBankDetails", "... on BankDetails { id }", **asked)
        await done(as_operator(new_id(), "finance"), "agreeToBankDetails", bankDetailsId=named["id"])
        async with database.transaction():
            await plan_transfer("TEST", new_id(), partner.id, "SEPA", 1_00, "EUR", f"For {partner.name}")
    await done(finance, "prepareBankBatch", currency="EUR")
    told = statement([Booked("1.00", "B-1", remittance="From nobody we know")])
    await finance.send("readBankFile", "", ("statement.xml", told))
