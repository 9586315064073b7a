"""Payouts from a balance to a bank.

docs.stripe.com/api/payouts, docs.stripe.com/connect/manage-payout-schedule and docs.stripe.com/payouts:
a payout is `pending`, then `in_transit`, then `paid` or `failed`; some show `paid` first and `failed`
within five business days, and the money is then back in the balance by `failure_balance_transaction`.
Only an automatic payout knows which balance transactions it covers (docs.stripe.com/payouts/reconciliation).
"""

from marketplace.payments.stand_in import money
from marketplace.payments.stand_in.call import Call, Endpoint
from marketplace.payments.stand_in.errors import Json, invalid
from marketplace.payments.stand_in.resources.listing import expanded, page
from marketplace.payments.stand_in.store import PLATFORM
from marketplace.payments.stand_in.webhooks import emit

DAY_S = 24 * 60 * 60
FAILURES = {
    "account_closed": "The bank account has been closed.",
    "could_not_process": "The bank could not process this payout.",
    "insufficient_funds": "Your Stripe account has insufficient funds to cover the payout.",
    "no_account": "The bank account could not be located.",
}


def create(call: Call) -> Json:
    """A manual payout (docs.stripe.com/api/payouts/create), for the acting account."""
    currency = money.currency_of(call.params["currency"])
    amount = money.must_be_payable(call.param("amount"), currency)
    _must_be_enabled(call)
    if currency in {"huf", "twd", "ugx"} and amount % 100:
        raise invalid("Payouts in this currency must be divisible by 100.", param="amount")
    money.must_cover(call.store, call.account, amount, currency)
    payout = _new(call, call.account, amount, currency, automatic=False)
    payout["metadata"] = call.metadata()
    return expanded(call, _announce(call, payout))


def automatic(call: Call, account: str) -> list[Json]:
    """What the payout schedule does: one payout per currency over all that is available.

    The balance transactions it covers are marked with it, so they can be listed by `payout`.
    """
    if account != PLATFORM and not call.store.get("account", account)["payouts_enabled"]:
        return []
    made: list[Json] = []
    for row in call.store.rows(
        "SELECT currency, sum(net) AS net FROM moves "
        "WHERE account = ? AND payout IS NULL AND available_on <= ? "
        "GROUP BY currency HAVING sum(net) > 0 ORDER BY currency",
        account, call.store.now(),
    ):  # fmt: skip
        payout = _new(call, account, row["net"], row["currency"], automatic=True)
        call.store.execute(
            "UPDATE moves SET payout = ? "
            "WHERE account = ? AND currency = ? AND payout IS NULL AND available_on <= ?",
            payout["id"], account, row["currency"], call.store.now(),
        )  # fmt: skip
        made.append(_announce(call, payout))
    return made


def _must_be_enabled(call: Call) -> None:
    if call.on_platform:
        return
    if not call.store.get("account", call.account)["payouts_enabled"]:
        raise invalid("Payouts are not enabled for this account.", code="payouts_not_allowed")


def _new(call: Call, account: str, amount: int, currency: str, *, automatic: bool) -> Json:
    return call.store.new(
        "payout", "po", account, amount=amount, currency=currency, automatic=automatic, status="pending",
        arrival_date=call.store.now() + 2 * DAY_S, balance_transaction=None, destination=f"ba_{account[5:]}",
        failure_code=None, failure_message=None, failure_balance_transaction=None, livemode=False,
        metadata={}, method="standard", original_payout=None, reversed_by=None, source_type="card",
        reconciliation_status="in_progress" if automatic else "not_applicable", type="bank_account",
        description="STRIPE PAYOUT", statement_descriptor=None, trace_id={"status": "pending", "value": None},
    )  # fmt: skip


def _announce(call: Call, payout: Json) -> Json:
    account = call.store.owner_of(payout["id"])
    txn = money.move(
        call.store,
        account,
        "payout",
        -payout["amount"],
        payout["currency"],
        payout["id"],
        payout=payout["id"],
    )
    payout["balance_transaction"] = txn["id"]
    emit(call, "payout.created", call.store.save(payout), account=account)
    return payout


def arrive(call: Call, id: str) -> Json:
    """The bank took it: `paid`."""
    payout = call.store.get("payout", id)
    if payout["status"] not in {"pending", "in_transit"}:
        raise invalid(f"A payout that is {payout['status']} cannot be paid.")
    payout["status"] = "paid"
    payout["reconciliation_status"] = "completed" if payout["automatic"] else "not_applicable"
    account = call.store.owner_of(id)
    emit(call, "payout.paid", call.store.save(payout), account=account)
    if payout["automatic"]:
        emit(call, "payout.reconciliation_completed", payout, account=account)
    return payout


def fail(call: Call, id: str, code: str = "account_closed") -> Json:
    """The bank sent it back, maybe after it was `paid`; what it covered waits for the next payout."""
    payout = call.store.get("payout", id)
    if payout["status"] in {"failed", "canceled"}:
        raise invalid(f"A payout that is {payout['status']} cannot fail.")
    payout |= {"status": "failed", "failure_code": code, "failure_message": FAILURES.get(code, code)}
    return _give_back(call, payout, "payout_failure", "payout.failed")


def cancel(call: Call) -> Json:
    """docs.stripe.com/api/payouts/cancel: only while it is pending."""
    payout = call.store.get("payout", call.path["id"], call.account)
    if payout["status"] != "pending" or payout["automatic"]:
        raise invalid("Payouts can only be canceled when they are manual and pending.", param="id")
    payout["status"] = "canceled"
    return _give_back(call, payout, "payout_cancel", "payout.canceled")


def _give_back(call: Call, payout: Json, kind: str, event: str) -> Json:
    account = call.store.owner_of(payout["id"])
    txn = money.move(
        call.store, account, kind, payout["amount"], payout["currency"], payout["id"], payout=payout["id"]
    )
    payout["failure_balance_transaction"] = txn["id"]
    call.store.save(payout)
    call.store.execute(
        "UPDATE moves SET payout = NULL WHERE payout = ? AND txn NOT IN (?, ?)",
        payout["id"], payout["balance_transaction"], txn["id"],
    )  # fmt: skip
    emit(call, event, payout, account=account)
    return payout


def retrieve(call: Call) -> Json:
    return expanded(call, call.store.get("payout", call.path["id"], call.account))


def list_all(call: Call) -> Json:
    return page(call, "payout", "/v1/payouts", account=call.account, equal={"status": call.param("status")})


def run_schedule(call: Call) -> None:
    """Every connected account's automatic payout, paid at once: what `--payout-after` does."""
    for row in call.store.rows(
        "SELECT DISTINCT account FROM moves WHERE account != ? AND payout IS NULL AND available_on <= ?",
        PLATFORM, call.store.now() - int(call.options.payout_after_s or 0),
    ):  # fmt: skip
        for payout in automatic(call, row["account"]):
            arrive(call, payout["id"])


ENDPOINTS = [
    Endpoint("POST", "/v1/payouts", "PayoutCreateParams", create),
    Endpoint("GET", "/v1/payouts", "PayoutListParams", list_all),
    Endpoint("GET", "/v1/payouts/{id}", "PayoutRetrieveParams", retrieve),
    Endpoint("POST", "/v1/payouts/{id}/cancel", "PayoutCancelParams", cancel),
]
