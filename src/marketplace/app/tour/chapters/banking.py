"""Payouts through our bank: a file there and back, one that comes back, and a day on which both are equal."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

from marketplace.app.tour import bank, statements
from marketplace.app.tour.cast import Cast
from marketplace.app.tour.client import Client, Json
from marketplace.app.tour.stage import Stage, money

TITLE = "Through the bank"
IBAN, BIC = "NL91ABNA0417164300", "ABNANL2A"
_ACCOUNTS = "{ bankAccounts { iban openedOn opening { amount } } }"
_DAYS = "{ bankDays(first: 1) { nodes { day closing { amount } } } }"
_BATCH = "... on BankBatch { id state transfers controlSum { amount currency } filePath sha256 }"
_FILE = "... on BankFile { kind entries newEntries }"
_APART = "{ reconciliationExceptions(side: BANK, first: 50) { nodes { day bankEntry { id } amount { amount } } } }"


def play(stage: Stage, cast: Cast) -> None:
    """Afterwards what could be paid through the bank is, but for one that came back, and a day is closed."""
    operator, controller = cast.operator, cast.controller
    day, opening = _open_day(operator)
    if day > datetime.now(UTC).date():
        stage.say("Every day of our account up to today has been closed by earlier tours.")
        return
    batch = operator.do("prepareBankBatch", f"{_BATCH} ... on NothingToPay {{ held }}", currency="EUR")
    if batch["__typename"] == "NothingToPay":
        stage.does(operator, "finds nothing to pay by file: earlier tours have paid it", batch, "NothingToPay")
        return
    stage.does(operator, "prepares a file for the bank", batch, "BankBatch", state="PREPARED")
    file = _fetched(stage, cast, controller, batch)
    paid = bank.orders(file)
    total = sum(order.amount for order in paid)
    stage.equal("The bank", "adds the file up", f"{total} EUR", money(batch["controlSum"]))
    _read(stage, operator, "the bank's answer: it takes everything", bank.answer(file))
    _read(stage, operator, "a notification of the first debit", bank.notification(IBAN, paid[0], str(day)))
    back = paid[-1:] if len(paid) > 1 else []
    told = bank.statement(IBAN, paid, back, str(day), opening)
    _read(stage, operator, "the statement of the day, with one that came back", told)
    _read(stage, operator, "the same statement again", told)
    _ended(stage, operator, len(paid), len(back))
    _closed(stage, cast, day)


def _open_day(operator: Client) -> tuple[date, Decimal]:
    """The first day of our account that is not closed, and what stood there when it began."""
    known = operator.ask(_ACCOUNTS)["bankAccounts"]
    account = next(row for row in known if row["iban"] == IBAN)
    closed = operator.ask(_DAYS)["bankDays"]["nodes"]
    if closed:
        return date.fromisoformat(closed[0]["day"]) + timedelta(days=1), statements.of(closed[0]["closing"])
    return date.fromisoformat(account["openedOn"]), statements.of(account["opening"])


def _fetched(stage: Stage, cast: Cast, controller: Client, batch: Json) -> bytes:
    approved = controller.do("approveBankBatch", _BATCH, bankBatchId=batch["id"])
    stage.does(controller, f"approves {batch['transfers']} transfers", approved, "BankBatch", state="APPROVED")
    foreign = cast.http.get(approved["filePath"], headers={"authorization": f"Bearer {cast.partner.token}"})
    stage.equal(cast.partner, "fetches the file: turned away", foreign.status_code, 403)
    mine = cast.http.get(approved["filePath"], headers={"authorization": f"Bearer {controller.token}"})
    stage.holds(controller, "fetches the file", mine.is_success, f"{len(mine.content)} bytes of pain.001.001.09")
    return mine.content


def _read(stage: Stage, operator: Client, what: str, file: bytes) -> None:
    answer = operator.send("readBankFile", _FILE, "bank.xml", file)
    stage.does(operator, f"reads {what}", answer, "BankFile")


def _ended(stage: Stage, operator: Client, paid: int, returned: int) -> None:
    rows = operator.ask(
        "{ bankTransfers(first: 50) { nodes { state reasonCode remittance amount { amount currency } } } }"
    )["bankTransfers"]["nodes"][:paid]
    columns = ("statement", "amount", "state", "code")
    shown = [(row["remittance"], money(row["amount"]), row["state"], row["reasonCode"]) for row in rows]
    stage.show("What became of the transfers", columns, shown)
    states = [row["state"] for row in rows]
    found = (states.count("BOOKED"), states.count("RETURNED"))
    stage.equal(operator, "sees each exactly once: booked, returned", found, (paid - returned, returned))


def _closed(stage: Stage, cast: Cast, day: date) -> None:
    operator = cast.operator
    for row in operator.ask(_APART)["reconciliationExceptions"]["nodes"]:
        if date.fromisoformat(row["day"]) <= day:
            told = {"bankEntryId": row["bankEntry"]["id"], "note": "Seen in the tour", "was": {"own": "OWN_FUNDS"}}
            operator.do("explainBankEntry", **told)
    fields = {"currency": "EUR", "day": str(day)}
    foreign = cast.partner.attempt("closeBankDay", **fields)
    stage.turned_away(cast.partner, "closes a day of our account", foreign, "FORBIDDEN")
    done = operator.do("closeBankDay", "... on BankDay { day closing { amount currency } }", **fields)
    stage.does(operator, f"closes {day}: bank and books are equal", done, "BankDay")
    again = operator.do("closeBankDay", "... on BankDayClosed { closedUntil }", **fields)
    stage.does(operator, "closes it twice", again, "BankDayClosed")
