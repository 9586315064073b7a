"""Statements as the tour reads them: the questions it asks, and the arithmetic it does again by itself."""

from decimal import Decimal
from functools import partial
from typing import Final

from marketplace.app.tour.client import Client, Json, wait_for
from marketplace.app.tour.pages import every

_MONEY = "{ amount currency }"
_FIGURES = (
    f"opening {_MONEY} gross {_MONEY} commission {_MONEY} vat {_MONEY} adjustments {_MONEY} "
    f"fees {_MONEY} reserve {_MONEY} closing {_MONEY}"
)
STATEMENT: Final = (
    f"id number periodFrom periodUntil accruals {_FIGURES} partner {{ id name }} "
    "payout { state reason detail triedAgainOn inBankAt }"
)
_PREVIEW = f"""query Preview($until: Date!, $first: Int, $after: String) {{
  rows: settlementPreview(until: $until, first: $first, after: $after) {{ nodes {{ {_FIGURES} accruals state reason
    triedAgainOn partner {{ id name country }} }} pageInfo {{ hasNextPage endCursor }} }} }}"""
_RUN = f"""query Run($id: ID!, $first: Int, $after: String) {{ node(id: $id) {{ ... on SettlementRun {{
  state rows: statements(first: $first, after: $after) {{ nodes {{ {STATEMENT} }}
    pageInfo {{ hasNextPage endCursor }} }} }} }} }}"""
_RUNS = f"""query Runs($first: Int, $after: String) {{ settlementRuns(first: $first, after: $after) {{
  nodes {{ statements(first: 50) {{ nodes {{ {STATEMENT} }} }} }} pageInfo {{ hasNextPage endCursor }} }} }}"""
_LINES = f"""query Lines($id: ID!, $first: Int, $after: String) {{ node(id: $id) {{ ... on Statement {{
  rows: lines(first: $first, after: $after) {{ nodes {{ position kind description quantity arithmetic
    gross {_MONEY} commission {_MONEY} vat {_MONEY} net {_MONEY}
    entries(first: 100) {{ nodes {{ net {_MONEY} }} pageInfo {{ hasNextPage }} }} }}
    pageInfo {{ hasNextPage endCursor }} }} }} }} }}"""
_ONE = f"query S($id: ID!) {{ node(id: $id) {{ ... on Statement {{ {STATEMENT} }} }} }}"
ORDERED: Final = "... on SettlementRun { id } ... on PeriodNotOver { latest timezone }"


def previewed(operator: Client, until: str) -> list[Json]:
    """What a run until a day would issue."""
    return every(operator, _PREVIEW, lambda data: data["rows"], until=until)


def finished(operator: Client, run_id: str) -> str:
    """The state of a run once it is finished, or patience ended."""
    look = partial(operator.ask, _RUN, id=run_id, first=1)
    return wait_for(look, lambda data: data["node"]["state"] == "FINISHED", patience_s=180)["node"]["state"]


def issued(operator: Client, run_id: str) -> list[Json]:
    """All statements of a run."""
    return every(operator, _RUN, lambda data: data["node"]["rows"], id=run_id)


def of_all_runs(operator: Client) -> list[Json]:
    """Statements of every run, up to 50 of each, the newest first."""
    runs = every(operator, _RUNS, lambda data: data["settlementRuns"])
    return [row for run in runs for row in run["statements"]["nodes"]]


def lines_of(reader: Client, statement: Json) -> list[Json]:
    """All lines of a statement, with the entries behind each."""
    return every(reader, _LINES, lambda data: data["node"]["rows"], id=statement["id"])


def one(reader: Client, statement_id: str) -> Json:
    """A statement as it stands now."""
    return reader.ask(_ONE, id=statement_id)["node"]


def ended(reader: Client, statement_id: str) -> Json:
    """The statement once nothing more is expected of its payout soon: it is in the bank, or says why not."""
    return wait_for(partial(one, reader, statement_id), lambda row: _is_over(row["payout"]), patience_s=45)


def _is_over(payout: Json) -> bool:
    return payout["state"] not in ("PLANNED", "SENT") or bool(payout["reason"])


def of(value: Json) -> Decimal:
    """An amount as an exact number."""
    return Decimal(str(value["amount"]))


def balanced(row: Json) -> bool:
    """opening + gross - commission - fees - VAT + adjustments + reserve = closing"""
    charged = of(row["commission"]) + of(row["fees"]) + of(row["vat"])
    period = of(row["gross"]) - charged + of(row["adjustments"]) + of(row["reserve"])
    return of(row["opening"]) + period == of(row["closing"])


def added_up(lines: list[Json]) -> tuple[Decimal, bool]:
    """The net of all lines, and whether each line is the sum of its entries, as far as they are all there."""
    net = sum((of(line["net"]) for line in lines), Decimal())
    whole = [line for line in lines if not line["entries"]["pageInfo"]["hasNextPage"]]
    sums = [sum((of(each["net"]) for each in line["entries"]["nodes"]), Decimal()) for line in whole]
    return net, sums == [of(line["net"]) for line in whole]
