"""Before settlement: our account at a bank is counted, and partners without Stripe name theirs."""

from datetime import UTC, datetime, timedelta

from marketplace.app.demo.bank import BIC, HOLDER, IBAN
from marketplace.app.tour import statements
from marketplace.app.tour.cast import Cast
from marketplace.app.tour.client import Json
from marketplace.app.tour.stage import Stage
from marketplace.kit.rails import Rail, bank_rail

TITLE = "Before settlement: partners name their bank"
HOW_MANY = 3
ACCOUNTS = ("DE89370400440532013000", "FR1420041010050500013M02606", "BE71096123456769")
COUNTED_FOR = timedelta(days=20)
_DETAILS = "... on BankDetails { id state account pending }"


def play(stage: Stage, cast: Cast) -> None:
    """Afterwards up to three partners that are owed euro will be paid through the bank."""
    _counted(stage, cast)
    rows = [row for row in statements.previewed(cast.operator, cast.settled_until) if _could_be_paid(row)]
    for row, iban in zip(rows[:HOW_MANY], ACCOUNTS, strict=False):
        _named(stage, cast, row["partner"], iban)
    if not rows:
        stage.say("Every partner that is owed euro is paid through Stripe, or was settled before.")
        return
    now = statements.previewed(cast.operator, cast.settled_until)
    named = {row["partner"]["id"] for row in rows[:HOW_MANY]}
    states = {row["state"] for row in now if row["partner"]["id"] in named and row["closing"]["currency"] == "EUR"}
    stage.equal(cast.operator, "previews the run again: they would be paid", states, {"PLANNED"})


def _counted(stage: Stage, cast: Cast) -> None:
    operator, first = cast.operator, datetime.now(UTC).date() - COUNTED_FOR
    account = {"iban": IBAN, "bic": BIC, "holder": HOLDER, "openedOn": str(first)}
    opening = {"amount": "250000.00", "currency": "EUR"}
    shows = "... on BankAccount { iban openedOn } ... on BankAccountKnown { knownIban }"
    done = operator.do("registerBankAccount", shows, opening=opening, **account)
    is_new = done["__typename"] == "BankAccount"
    said = "has our account counted" if is_new else "finds our account counted already"
    stage.does(operator, said, done, "BankAccount" if is_new else "BankAccountKnown")
    wrong = operator.do(
        "registerBankAccount", shows, opening=opening, **(account | {"iban": "NL00ABNA0417164300"})
    )
    stage.does(operator, "mistypes an IBAN", wrong, "InvalidInput")


def _could_be_paid(row: Json) -> bool:
    """Whether only an account is missing, and a SEPA transfer reaches the partner's country."""
    is_euro = row["closing"]["currency"] == "EUR"
    return (
        row["reason"] == "NO_PAYOUT_ACCOUNT"
        and is_euro
        and bank_rail(row["partner"]["country"], "EUR") is Rail.SEPA
    )


def _named(stage: Stage, cast: Cast, partner: Json, iban: str) -> None:
    operator, controller = cast.operator, cast.controller
    asked = {"partnerId": partner["id"], "holder": partner["name"][:70], "iban": iban}
    named = operator.do("proposeBankDetails", _DETAILS, **asked)
    stage.does(operator, f"notes where {partner['name']} is paid", named, "BankDetails", account=named["account"])
    alone = operator.do("agreeToBankDetails", _DETAILS, bankDetailsId=named["id"])
    stage.does(operator, "agrees to it by herself", alone, "SamePerson")
    agreed = controller.do("agreeToBankDetails", _DETAILS, bankDetailsId=named["id"])
    stage.does(controller, "has called them, and agrees", agreed, "BankDetails", state="AGREED")
