"""Giving points to a charity."""

from uuid import uuid4

import pytest
from dirty_equals import IsPartialDict, IsStr

from marketplace.donations.models import Pledge
from marketplace.kit import clock, database
from marketplace.kit.ids import new_id
from marketplace.ledger import accounts, queries
from marketplace.ledger.models import Purpose
from marketplace.members.models import Member
from marketplace.members.steps import fund
from marketplace.partners.models import Accrual, Partner
from marketplace.points.models import Lot
from marketplace.points.steps import earn
from tests import builders
from tests.books import violations
from tests.client import Caller, as_member, as_operator

pytestmark = pytest.mark.usefixtures("db")
SELECTION = """... on Pledge { id number points amount { amount currency } state acknowledgement
    charity { name registryId } } ... on InsufficientPoints { required available missing }
    ... on DonationTooSmall { points smallest { amount } } ... on CharityNotOpen { charityName }"""


async def a_giver(points: int = 1000, *, funded: int = 100_00, currency: str = "EUR") -> tuple[Member, Caller]:
    program = await builders.a_program(home_currency=currency)
    member = await builders.a_member(program)
    async with database.transaction():
        bank = accounts.house(Purpose.BANK, currency)
        if funded:
            await fund(program, funded, bank, ref_type="top_up", ref_id=uuid4())
        await earn(
            member.id,
            program.id,
            program.unit,
            points,
            origin_type="award",
            origin_id=uuid4(),
            earned_at=clock.now(),
            expires_at=None,
        )
    return member, as_member(member.id, program.id)


def public(charity: Partner) -> str:
    return f"charity_{charity.id.hex}"


async def test_points_become_a_pledge_with_an_acknowledgement() -> None:
    member, phone = await a_giver()
    charity = await builders.a_charity(name="Sea Rescue", registry_id="GB-CHC-209603")
    answer = await phone.do(
        "donatePoints", SELECTION, charityId=public(charity), points=400, message="For the sea"
    )
    assert answer == IsPartialDict(
        points=400,
        amount={"amount": "4.00", "currency": "EUR"},
        state="PLEDGED",
        number=IsStr(regex=r"PLG-\d{4}-\d{6}"),
        charity={"name": "Sea Rescue", "registryId": "GB-CHC-209603"},
        acknowledgement=IsStr(regex=r"PLG-.*: thank you for 4\.00 EUR to Sea Rescue \(GB-CHC-209603\)\."),
    )
    assert (await Lot.get(member_id=member.id)).remaining == 600
    assert await queries.balance(accounts.partner(charity.id, Purpose.PAYABLE, "EUR")) == 4_00
    assert await violations() == []


async def test_a_repeat_of_the_key_gives_once() -> None:
    _, phone = await a_giver()
    gift = {"charityId": public(await builders.a_charity()), "points": 400, "idempotencyKey": "once"}
    first = await phone.do("donatePoints", SELECTION, **gift)
    assert await phone.do("donatePoints", SELECTION, **gift) == first
    assert await Pledge.all().count() == 1


@pytest.mark.parametrize(
    ("points", "funded", "refusal"),
    [(1001, 100_00, "InsufficientPoints"), (500, 4_99, "ProgramUnfunded"), (0, 100_00, "InvalidInput")],
)
async def test_a_refused_donation_changes_nothing(points: int, funded: int, refusal: str) -> None:
    member, phone = await a_giver(funded=funded)
    gift = {"charityId": public(await builders.a_charity()), "points": points}
    assert await phone.do("donatePoints", SELECTION, **gift) == IsPartialDict(__typename=refusal)
    assert (await Lot.get(member_id=member.id)).remaining == 1000
    assert (await Pledge.all().count(), await Accrual.all().count()) == (0, 0)
    assert await violations() == []


async def test_points_worth_less_than_the_smallest_coin_are_too_few() -> None:
    member, phone = await a_giver(currency="JPY")
    gift = {"charityId": public(await builders.a_charity()), "points": 40}
    answer = await phone.do("donatePoints", SELECTION, **gift)
    assert answer == IsPartialDict(__typename="DonationTooSmall", points=100, smallest={"amount": "1"})
    assert (await Lot.get(member_id=member.id)).remaining == 1000


async def test_a_charity_whose_currency_has_no_rate_is_not_open() -> None:
    member, phone = await a_giver()
    charity = await builders.a_charity(currency="GBP")
    answer = await phone.do("donatePoints", SELECTION, charityId=public(charity), points=400)
    assert answer == IsPartialDict(__typename="CharityNotOpen", charityName=charity.name)
    assert (await Lot.get(member_id=member.id)).remaining == 1000
    assert await Pledge.all().count() == 0


async def test_a_commercial_partner_is_no_charity() -> None:
    _, phone = await a_giver()
    gift = {"charityId": public(await builders.a_partner()), "points": 10}
    assert await phone.do("donatePoints", SELECTION, **gift) == IsPartialDict(__typename="NotFound")
    assert await Pledge.all().count() == 0


async def test_support_undoes_a_pledge_once_and_the_points_are_back() -> None:
    member, phone = await a_giver()
    charity = await builders.a_charity()
    pledge = await phone.do("donatePoints", SELECTION, charityId=public(charity), points=400)
    support = as_operator(new_id(), "support")
    answer = await support.do(
        "cancelPledge", "... on Pledge { state }", pledgeId=pledge["id"], reason="by mistake"
    )
    assert answer == IsPartialDict(state="CANCELLED")
    assert (await Lot.get(member_id=member.id)).remaining == 1000
    assert await queries.balance(accounts.partner(charity.id, Purpose.PAYABLE, "EUR")) == 0
    again = await support.do("cancelPledge", "... on Pledge { state }", pledgeId=pledge["id"], reason="again")
    assert again == IsPartialDict(__typename="PledgeNotCancellable", code="PLEDGE_NOT_CANCELLABLE")
    assert (await Lot.get(member_id=member.id)).remaining == 1000
    assert await violations() == []


async def test_a_member_sees_only_its_own_pledges() -> None:
    _, phone = await a_giver()
    _, stranger = await a_giver()
    pledge = await phone.do("donatePoints", SELECTION, charityId=public(await builders.a_charity()), points=10)
    text = "query($id: ID!) { node(id: $id) { id } pledges { totalCount } }"
    assert await phone.get(text, id=pledge["id"]) == {"node": {"id": pledge["id"]}, "pledges": {"totalCount": 1}}
    assert await stranger.get(text, id=pledge["id"]) == {"node": None, "pledges": {"totalCount": 0}}


async def test_what_is_nothing_in_the_charitys_currency_is_too_small() -> None:
    _, phone = await a_giver(currency="SEK")
    await builders.a_rate("EUR", "SEK", "11.00")
    charity = await builders.a_charity()

    answer = await phone.do("donatePoints", SELECTION, charityId=public(charity), points=1)

    assert answer == IsPartialDict(__typename="DonationTooSmall", points=12, smallest={"amount": "0.01"})
    assert (await Pledge.all().count(), await Accrual.all().count()) == (0, 0)
    assert (await phone.do("donatePoints", SELECTION, charityId=public(charity), points=12))["points"] == 12
    assert await violations() == []
