"""Balances: every movement of money is a balance transaction, and a balance is their sum.

docs.stripe.com/api/balance_transactions/object, docs.stripe.com/reports/balance-transaction-types
and docs.stripe.com/connect/account-balances.
"""

from collections import defaultdict

from marketplace.payments.stand_in.errors import Json, StripeRefusal, invalid
from marketplace.payments.stand_in.store import Store

# docs.stripe.com/currencies#zero-decimal and #three-decimal
ZERO_DECIMAL = frozenset(
    {"bif", "clp", "djf", "gnf", "jpy", "kmf", "krw", "mga", "pyg", "rwf", "vnd", "vuv", "xaf", "xof", "xpf"}
)
THREE_DECIMAL = frozenset({"bhd", "jod", "kwd", "omr", "tnd"})
# docs.stripe.com/currencies#minimum-and-maximum-charge-amounts
CHARGE_MINIMUM = {
    "usd": 50, "aed": 200, "aud": 50, "brl": 50, "cad": 50, "chf": 50, "czk": 1500, "dkk": 250,
    "eur": 50, "gbp": 30, "hkd": 400, "huf": 17500, "inr": 50, "jpy": 50, "mxn": 1000, "myr": 200,
    "nok": 300, "nzd": 50, "pln": 200, "ron": 200, "sek": 300, "sgd": 50, "thb": 1000,
}  # fmt: skip
CATEGORIES = {
    "adjustment": "other_adjustment",
    "payment": "charge",
    "payment_refund": "refund",
    "payout_failure": "payout_reversal",
    "transfer_refund": "transfer_reversal",
}


def currency_of(text: str) -> str:
    """A currency as Stripe writes it; raises for what is no currency."""
    currency = text.lower()
    if len(currency) != 3 or not currency.isalpha():
        raise invalid(f"Invalid currency: {text}.", param="currency")
    return currency


def must_be_payable(amount: int | None, currency: str) -> int:
    """A positive amount that the currency can express (docs.stripe.com/currencies#special-cases).

    Three-decimal currencies end in 0; UGX and HUF payouts are whole units and are left to payouts.
    """
    if amount is None:
        raise StripeRefusal(400, "Missing required param: amount.", code="parameter_missing", param="amount")
    if amount < 1:
        raise invalid("This value must be greater than or equal to 1.",
                      code="parameter_invalid_integer", param="amount")  # fmt: skip
    if amount > 99_999_999 and currency not in ZERO_DECIMAL:
        raise invalid("Amount must be no more than 999,999.99.", code="amount_too_large", param="amount")
    if currency in THREE_DECIMAL and amount % 10:
        raise invalid("The amount must end in 0 for three-decimal currencies.", param="amount")
    return amount


def must_be_chargeable(amount: int, currency: str) -> None:
    if amount < CHARGE_MINIMUM.get(currency, 1):
        raise invalid(
            f"Amount must be at least {CHARGE_MINIMUM[currency]} in the smallest unit of {currency}.",
            code="amount_too_small",
            param="amount",
        )


def charge_fee(amount: int, currency: str) -> int:
    """2.9 % and 30 minor units (none where there are no cents): stripe.com/pricing."""
    fixed = 0 if currency in ZERO_DECIMAL else 300 if currency in THREE_DECIMAL else 30
    return (amount * 29 + 500) // 1000 + fixed


def move(
    store: Store,
    account: str,
    kind: str,
    amount: int,
    currency: str,
    source: str | None,
    *,
    fee: int = 0,
    available_on: int | None = None,
    payout: str | None = None,
    description: str | None = None,
) -> Json:
    """One balance transaction: `net` is what the account's balance changes by."""
    now = store.now()
    ready = now if available_on is None else available_on
    details = [{"amount": fee, "application": None, "currency": currency,
                "description": "Stripe processing fees", "type": "stripe_fee"}]  # fmt: skip
    txn = store.new(
        "balance_transaction", "txn", account, amount=amount, available_on=ready, balance_type="payments",
        currency=currency, description=description, exchange_rate=None, fee=fee,
        fee_details=details if fee else [], net=amount - fee, reporting_category=CATEGORIES.get(kind, kind),
        source=source, status="available" if ready <= now else "pending", type=kind,
    )  # fmt: skip
    store.execute(
        "INSERT INTO moves VALUES (?, ?, ?, ?, ?, ?)",
        txn["id"],
        account,
        currency,
        amount - fee,
        ready,
        payout,
    )
    return txn


def available(store: Store, account: str, currency: str) -> int:
    found = store.rows(
        "SELECT coalesce(sum(net), 0) AS net FROM moves "
        "WHERE account = ? AND currency = ? AND available_on <= ?",
        account, currency, store.now(),
    )  # fmt: skip
    return int(found[0]["net"])


def balance(store: Store, account: str) -> Json:
    """docs.stripe.com/api/balance/balance_object."""
    sums: dict[str, dict[str, int]] = {"available": defaultdict(int), "pending": defaultdict(int)}
    now = store.now()
    for row in store.rows("SELECT currency, net, available_on FROM moves WHERE account = ?", account):
        sums["available" if row["available_on"] <= now else "pending"][row["currency"]] += row["net"]
    currencies = sorted({*sums["available"], *sums["pending"]}) or ["eur"]
    return {
        "object": "balance",
        "livemode": False,
        **{
            state: [
                {"amount": of[currency], "currency": currency, "source_types": {"card": of[currency]}}
                for currency in currencies
            ]
            for state, of in sums.items()
        },
    }


def must_cover(store: Store, account: str, amount: int, currency: str) -> None:
    """Raises `balance_insufficient` (docs.stripe.com/error-codes#balance-insufficient)."""
    if available(store, account, currency) < amount:
        raise invalid(
            "You have insufficient available funds in your Stripe account. Try adding funds directly to your "
            "available balance by creating Charges using the 4000000000000077 test card.",
            code="balance_insufficient",
        )
