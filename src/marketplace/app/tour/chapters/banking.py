"""Payouts through our bank: a file there and back, one that comes back, and a day on which both are equal."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

from marketplace.app.demo import bank
from marketplace.app.demo.waiting import waiting_file
from marketplace.app.tour import statements
from marketplace.app.tour.cast import Cast
from marketplace.app.tour.client import Client, Json
from marketplace.app.tour.stage import Stage, money

TITLE = "Through the bank"
PART = Decimal("0.10")
_ACCOUNTS = "{ bankAccounts { iban openedOn opening { amount } } }"
_DAYS = "{ bankDays(first: 1) { nodes { day closing { amount } } } }"
_STATED = "{ bankEntries(first: 50) { nodes { statement { closing { amount } closingOn } } } }"
_BATCH = "... on BankBatch { id state transfers controlSum { amount currency } executeOn filePath sha256 }"
_FILE = "... on BankFile { id kind entries newEntries }"
_ORDERED = """query B($id: ID!) { node(id: $id) { ... on BankBatch { orders(first: 50) { nodes {
  state reasonCode remittance amount { amount currency } returned { amount currency } partner { name } } } } } }"""
_APART = """{ reconciliationExceptions(side: BANK, first: 50) { nodes { day ageDays amount { amount currency }
  bankEntry { id remittance } } } }"""


def play(stage: Stage, cast: Cast) -> None:
    """Afterwards what could be paid through the bank is, but for what came back, and a day is closed."""
    operator, controller = cast.operator, cast.controller
    _waiting(stage, operator)
    day, opening = _open_day(operator)
    if day > datetime.now(UTC).date():
        stage.say("Every day of our account up to today has been closed by earlier tours.")
        return
    batch = operator.do("prepareBankBatch", f"{_BATCH} ... on NothingToPay {{ held }}", currency="EUR")
    if batch["__typename"] == "NothingToPay":
        stage.does(operator, "finds nothing to pay by file: earlier tours have paid it", batch, "NothingToPay")
        return
    said = f"to be paid on {batch['executeOn']}, the first day on which banks settle euro"
    stage.does(operator, "prepares a file for the bank", batch, "BankBatch", said, state="PREPARED")
    file = _fetched(stage, cast, controller, batch)
    paid = bank.orders(file)
    total = sum(order.amount for order in paid)
    stage.equal("The bank", "adds the file up", f"{total} EUR", money(batch["controlSum"]))
    _read(stage, operator, "the bank's answer: it takes everything", bank.answer(file))
    _read(stage, operator, "a notification of the first debit", bank.notification([paid[0].debit()], str(day)))
    back = paid[-1:] if len(paid) > 1 else []
    parts = paid[-2:-1] if len(paid) > 2 else []
    told = [order.debit() for order in paid]
    told += [order.returned("AC04") for order in back] + [order.returned("MS03", PART) for order in parts]
    stated = bank.statement(told, str(day), opening)
    first = _read(stage, operator, "the statement of the day: one came back whole, one in part", stated)
    again = operator.send("readBankFile", _FILE, "again.xml", stated)
    same = again["id"] == first["id"]
    stage.holds(operator, "reads the same statement again", same, "it is the one that was read, nothing is new")
    _ended(stage, operator, batch, len(back), len(parts))
    _closed(stage, cast, day)


def _waiting(stage: Stage, operator: Client) -> None:
    """The statement that the demo has left unread."""
    path = waiting_file()
    if path.exists():
        answer = operator.send("readBankFile", _FILE, path.name, path.read_bytes())
        said = f"{answer.get('kind')}: {answer.get('entries')} entries, each counted once however often it is read"
        stage.does(operator, "reads the statement that the bank has sent", answer, "BankFile", said)


def _open_day(operator: Client) -> tuple[date, Decimal]:
    """The day that the next statement of our account is of, and what it opens with."""
    known = operator.ask(_ACCOUNTS)["bankAccounts"]
    account = next(row for row in known if row["iban"] == bank.IBAN)
    day, stands = date.fromisoformat(account["openedOn"]), statements.of(account["opening"])
    stated = [row["statement"] for row in operator.ask(_STATED)["bankEntries"]["nodes"] if row["statement"]]
    for row in sorted(stated, key=lambda row: row["closingOn"])[-1:]:
        newest = next(each for each in stated if each["closingOn"] == row["closingOn"])
        day, stands = date.fromisoformat(newest["closingOn"]), statements.of(newest["closing"])
    closed = operator.ask(_DAYS)["bankDays"]["nodes"]
    if closed:
        day = max(day, date.fromisoformat(closed[0]["day"]) + timedelta(days=1))
    return day, stands


def _fetched(stage: Stage, cast: Cast, controller: Client, batch: Json) -> bytes:
    approved = controller.do("approveBankBatch", _BATCH, bankBatchId=batch["id"])
    stage.does(controller, f"approves {batch['transfers']} transfers", approved, "BankBatch", state="APPROVED")
    foreign = cast.http.get(approved["filePath"], headers={"authorization": f"Bearer {cast.partner.token}"})
    stage.equal(cast.partner, "fetches the file: turned away", foreign.status_code, 403)
    mine = cast.http.get(approved["filePath"], headers={"authorization": f"Bearer {controller.token}"})
    stage.holds(controller, "fetches the file", mine.is_success, f"{len(mine.content)} bytes of pain.001.001.09")
    return mine.content


def _read(stage: Stage, operator: Client, what: str, file: bytes) -> Json:
    answer = operator.send("readBankFile", _FILE, "bank.xml", file)
    said = f"{answer.get('kind')}: {answer.get('entries')} told, {answer.get('newEntries')} of them new"
    return stage.does(operator, f"reads {what}", answer, "BankFile", said)


def _ended(stage: Stage, operator: Client, batch: Json, returned: int, parts: int) -> None:
    rows = operator.ask(_ORDERED, id=batch["id"])["node"]["orders"]["nodes"]
    columns = ("partner", "statement", "paid", "state", "came back in part", "the bank's reason")
    shown = [
        (
            row["partner"]["name"], row["remittance"], money(row["amount"]), row["state"],
            money(row["returned"]) if statements.of(row["returned"]) else "", row["reasonCode"],
        )
        for row in rows
    ]  # fmt: skip
    stage.show("What became of the transfers", columns, shown)
    states = [row["state"] for row in rows]
    found = (states.count("BOOKED"), states.count("RETURNED"), sum(1 for row in shown if row[4]))
    expected = (len(rows) - returned, returned, parts)
    stage.equal(operator, "counts them: booked, returned whole, returned in part", found, expected)


def _closed(stage: Stage, cast: Cast, day: date) -> None:
    operator = cast.operator
    apart = operator.ask(_APART)["reconciliationExceptions"]["nodes"]
    rows = [(row["day"], row["ageDays"], money(row["amount"]), row["bankEntry"]["remittance"]) for row in apart]
    stage.show("What the bank has booked and nobody has explained", ("booked on", "days", "", "words"), rows)
    for row in apart:
        if date.fromisoformat(row["day"]) <= day:
            came = statements.of(row["amount"]) > 0
            told = {
                "bankEntryId": row["bankEntry"]["id"],
                "note": "Paid to us, not for a program" if came else "A fee of the bank",
                "was": {"own": "OWN_FUNDS" if came else "GAIN_OR_LOSS"},
            }
            answer = operator.do("explainBankEntry", "... on BankEntry { explainedAt }", **told)
            said = f"{money(row['amount'])}: {told['note']}"
            stage.does(operator, "says what an entry was", answer, "BankEntry", said)
    fields = {"currency": "EUR", "day": str(day)}
    foreign = cast.partner.attempt("closeBankDay", **fields)
    stage.turned_away(cast.partner, "closes a day of our account", foreign, "FORBIDDEN")
    done = operator.do("closeBankDay", "... on BankDay { day closing { amount currency } }", **fields)
    stage.does(operator, f"closes {day}: bank and books are equal", done, "BankDay")
    again = operator.do("closeBankDay", "... on BankDayClosed { closedUntil }", **fields)
    stage.does(operator, "closes it twice", again, "BankDayClosed")
