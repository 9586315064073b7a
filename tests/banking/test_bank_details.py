"""Where a partner is paid: masked, agreed on by a second person, changed with a wait in which nothing is paid."""

import asyncio
from datetime import timedelta

import pytest
from dirty_equals import IsPartialDict, IsStr

from marketplace.banking import rules
from marketplace.banking.models import BankDetails
from marketplace.kit import clock, database, ids
from marketplace.kit.ids import new_id
from tests import builders
from tests.banking.bank import COLLEAGUE, FINANCE, an_account
from tests.banking.messages import OURS, THEIRS
from tests.banking.payees import DETAILS, agree, name_account, ordered, payees, prepared
from tests.client import as_operator, as_partner

pytestmark = pytest.mark.usefixtures("db")
SHOWN = """query($id: ID!) { node(id: $id) { ... on Partner {
    bankDetails { state account pending namedByOthers } } } }"""
FRENCH = "FR1420041010050500013M02606"


async def test_an_account_is_masked_sealed_and_used_once_two_people_agree() -> None:
    partner = await builders.a_partner()

    named = await name_account(partner, "DE89 3704 0044 0532 0130 00", bic="COBADEFFXXX")
    assert named == IsPartialDict(
        __typename="BankDetails", state="PROPOSED", account="DE" + "•" * 16 + "3000", country="DE", pending=True
    )
    agreed = await agree(named)

    assert agreed == IsPartialDict(state="AGREED", pending=False)
    shown = await as_partner(partner.id).get(SHOWN, id=ids.public("partner", partner.id))
    assert shown["node"]["bankDetails"] == [
        {"state": "AGREED", "account": IsStr(regex="DE•+3000"), "pending": False, "namedByOthers": None}
    ]
    kept = str(await database.rows("SELECT * FROM bank_details"))
    assert THEIRS not in kept
    assert "COBADEFF" not in kept


@pytest.mark.parametrize(
    ("facts", "path"),
    [
        ({"iban": "DE00370400440532013000"}, "iban"),
        ({"iban": None}, "iban"),
        ({"iban": THEIRS, "otherAccount": "MUFG 1"}, "iban"),
        ({"iban": THEIRS, "bic": "?"}, "bic"),
        ({"iban": THEIRS, "holder": " "}, "holder"),
        ({"iban": None, "otherAccount": "x" * 121}, "otherAccount"),
    ],
)
async def test_what_is_no_account_is_refused(facts: dict[str, str | None], path: str) -> None:
    answer = await name_account(await builders.a_partner(), **facts)

    assert answer == IsPartialDict(__typename="InvalidInput", problems=[IsPartialDict(path=path)])
    assert not await BankDetails.exists()


async def test_a_change_waits_and_holds_every_payout_meanwhile() -> None:
    await an_account()
    (payee,) = await payees(THEIRS)
    changed = await name_account(payee.partner, FRENCH)

    nothing = await prepared()
    held = await FINANCE.get('{ bankBatchPreview(currency: "EUR") { hold account transfer { hold } } }')
    agreed = await agree(changed)
    still_nothing = await prepared()
    with clock.travel(rules.COOLING_OFF + timedelta(minutes=1)):
        paid = await ordered()

    assert [answer["__typename"] for answer in (nothing, still_nothing)] == ["NothingToPay"] * 2
    assert held["bankBatchPreview"][0]["hold"] == "BANK_DETAILS_CHANGING"
    assert held["bankBatchPreview"][0]["account"].endswith("3000")
    assert agreed == IsPartialDict(state="AGREED", pending=True)
    assert paid == IsPartialDict(__typename="BankBatch", state="APPROVED", transfers=1)


async def test_one_change_at_a_time_and_it_can_be_taken_back() -> None:
    partner = await builders.a_partner()
    first = await name_account(partner)
    second = await name_account(partner, FRENCH)
    cancelled = await as_partner(partner.id).do("cancelBankDetails", DETAILS, bankDetailsId=first["id"])
    late = await agree(first)
    third = await name_account(partner, FRENCH)
    refused = await FINANCE.do("refuseBankDetails", DETAILS, bankDetailsId=third["id"])
    again = await FINANCE.do("refuseBankDetails", DETAILS, bankDetailsId=third["id"])

    assert second == IsPartialDict(__typename="BankDetailsPending", code="BANK_DETAILS_PENDING")
    assert (cancelled["state"], refused["state"]) == ("CANCELLED", "CANCELLED")
    assert late == IsPartialDict(__typename="BankDetailsDecided", code="BANK_DETAILS_DECIDED")
    assert again["__typename"] == "BankDetailsDecided"


async def test_twins_make_one_proposal() -> None:
    partner = await builders.a_partner()

    answers = await asyncio.gather(*(name_account(partner, iban) for iban in (THEIRS, FRENCH)))

    assert sorted(answer["__typename"] for answer in answers) == ["BankDetails", "BankDetailsPending"]
    assert await BankDetails.all().count() == 1


async def test_finance_proposes_for_a_partner_and_another_person_agrees() -> None:
    partner, other = await builders.a_partner(), await builders.a_partner()
    mine = {"partnerId": ids.public("partner", partner.id), "holder": "A", "iban": THEIRS}
    proposed = await FINANCE.do("proposeBankDetails", DETAILS, **mine)
    alone = await FINANCE.do("agreeToBankDetails", DETAILS, bankDetailsId=proposed["id"])
    agreed = await agree(proposed)
    same = await name_account(other)
    nobody = await FINANCE.do(
        "proposeBankDetails", DETAILS, **(mine | {"partnerId": ids.public("partner", new_id())})
    )

    assert alone == IsPartialDict(__typename="SamePerson")
    assert agreed == IsPartialDict(state="AGREED", namedByOthers=False)
    assert same["namedByOthers"] is None
    warned = await COLLEAGUE.get("{ bankDetails(state: PROPOSED) { nodes { namedByOthers partner { id } } } }")
    assert warned["bankDetails"]["nodes"] == [
        {"namedByOthers": True, "partner": {"id": ids.public("partner", other.id)}}
    ]
    assert nobody["__typename"] == "NotFound"


async def test_nobody_else_sees_or_does_anything() -> None:
    partner, other = await builders.a_partner(), await builders.a_partner()
    details = await name_account(partner)
    await name_account(other, OURS)
    stranger = as_partner(other.id)

    foreign = await stranger.do("cancelBankDetails", DETAILS, bankDetailsId=details["id"])
    missing = await stranger.do("cancelBankDetails", DETAILS, bankDetailsId=ids.public("bankDetails", new_id()))
    assert foreign == missing == IsPartialDict(__typename="NotFound")
    seen = await stranger.get(
        "query($id: ID!, $partner: ID!) { node(id: $id) { id } partner: node(id: $partner) { ... on Partner "
        "{ bankDetails { id } } } bankDetails { nodes { account } } }",
        id=details["id"], partner=ids.public("partner", partner.id),
    )  # fmt: skip
    assert seen["node"] is None
    assert seen["partner"] in (None, {}, {"bankDetails": []})
    assert [row["account"][-4:] for row in seen["bankDetails"]["nodes"]] == ["4300"]
    support = as_operator(new_id(), "support")
    answer = await support.ask("{ bankDetails { nodes { id } } bankEntries { nodes { id } } bankAccounts { id } }")
    assert {error["extensions"]["code"] for error in answer["errors"]} == {"FORBIDDEN"}
    assert (await BankDetails.get(partner_id=partner.id)).state == "PROPOSED"
