"""Being paid: a member or a partner opens an account by a link, and sees what is missing."""

import httpx
from dirty_equals import IsPartialDict, IsStr

from marketplace.kit.ids import new_id
from marketplace.payments.models import ConnectedAccount
from tests.client import Caller, as_member, as_partner, as_program, new_key
from tests.payments.outbound import Payments, run_jobs

LINK = """... on PayoutOnboardingLink { url expiresAt account { id country payoutsEnabled requirements
    notPayableReason } } ... on PayoutsUnsupported { country }"""
ACCOUNT = "{ payoutAccount { id payoutsEnabled requirements notPayableReason disabledReason country } }"
BACK = {"returnUrl": "https://app.example/return", "refreshUrl": "https://app.example/again"}


async def test_a_partner_finishes_onboarding_and_can_be_paid(payments: Payments):
    partner = as_partner(new_id())
    assert (await partner.get(ACCOUNT))["payoutAccount"] is None

    link = await ask(partner)

    assert link == IsPartialDict(__typename="PayoutOnboardingLink", url=IsStr(regex=r"http://.*/setup/e/acct_.*"))
    assert link["account"] == IsPartialDict(
        country="NL", payoutsEnabled=False, notPayableReason="ONBOARDING_INCOMPLETE"
    )
    async with httpx.AsyncClient() as browser:
        await browser.post(link["url"])
    await payments.webhooks(1)
    assert (await partner.get(ACCOUNT))["payoutAccount"] == IsPartialDict(
        id=link["account"]["id"], payoutsEnabled=True, requirements=[], notPayableReason=None
    )


async def test_repeating_the_key_gives_a_fresh_link_to_the_same_account(payments: Payments):
    partner, key = as_partner(new_id()), new_key()

    first, again = [await ask(partner, idempotencyKey=key) for _ in range(2)]
    other = await ask(partner)

    assert first["account"] == again["account"] == other["account"]
    assert len({first["url"], again["url"], other["url"]}) == 3
    await run_jobs()
    assert len(await payments.stand_in.requests("/v1/accounts")) == 1


async def test_nobody_sees_anothers_account(payments: Payments):
    mine = (await ask(as_member(new_id(), new_id())))["account"]["id"]
    stranger = as_partner(new_id())
    query = "query($id: ID!) { node(id: $id) { id } }"

    assert (await stranger.get(ACCOUNT))["payoutAccount"] is None
    assert (await stranger.get(query, id=mine))["node"] is None


async def test_a_country_that_stripe_does_not_reach_is_refused(payments: Payments):
    answer = await ask(as_partner(new_id()), country="MY")

    assert answer == IsPartialDict(__typename="PayoutsUnsupported", code="PAYOUTS_UNSUPPORTED", country="MY")
    assert await ConnectedAccount.all().count() == 0


async def test_bad_addresses_and_countries_are_all_named(payments: Payments):
    answer = await ask(as_partner(new_id()), country="nl", returnUrl="javascript:alert(1)", refreshUrl="/again")

    assert answer["__typename"] == "InvalidInput"
    assert [problem["path"] for problem in answer["problems"]] == ["returnUrl", "refreshUrl", "country"]
    assert await ConnectedAccount.all().count() == 0


async def test_when_stripe_is_silent_the_same_key_works_later(payments: Payments):
    partner, key = as_partner(new_id()), new_key()
    await payments.stand_in.fault("drop_before", path="/v1/accounts", times=3)

    silent = await ask(partner, idempotencyKey=key)
    later = await ask(partner, idempotencyKey=key)

    assert silent == IsPartialDict(__typename="PaymentsUnavailable", code="PAYMENTS_UNAVAILABLE")
    assert later["__typename"] == "PayoutOnboardingLink"
    assert await ConnectedAccount.all().count() == 1


async def test_a_program_is_not_paid(payments: Payments):
    answer = await as_program(new_id()).ask(
        "mutation($input: CreatePayoutOnboardingLinkInput!) "
        "{ createPayoutOnboardingLink(input: $input) { __typename } }",
        input={"idempotencyKey": new_key(), "country": "NL", **BACK},
    )

    assert answer["errors"][0]["extensions"]["code"] == "FORBIDDEN"
    assert await ConnectedAccount.all().count() == 0


async def ask(caller: Caller, **fields: str):
    return await caller.do("createPayoutOnboardingLink", LINK, **({"country": "NL"} | BACK | fields))
