"""Which journals are taken of the books: those of some days, and those that touch what somebody looks for."""

from dataclasses import dataclass
from datetime import date
from uuid import UUID

from marketplace.ledger.models import Purpose


@dataclass(frozen=True, slots=True)
class Party:
    """Whose accounts are looked for: those of an owner, and all of a unit if one is named (a program's points)."""

    owner_id: UUID
    unit: str | None = None


@dataclass(frozen=True, slots=True)
class Selection:
    """Journals that count from one day up to and with another, and touch each of the parties and the purpose.

    A journal is always taken whole, so that what is taken balances.
    """

    first: date | None = None
    until: date | None = None
    parties: tuple[Party, ...] = ()
    purpose: Purpose | None = None

    def clause(self) -> tuple[str, list[object]]:
        """SQL over a journal `j`, and its parameters from $1 on."""
        values: list[object] = []

        def parameter(value: object) -> str:
            values.append(value)
            return f"${len(values)}"

        parts = [
            f"j.effective_on {sign} {parameter(day)}"
            for sign, day in ((">=", self.first), ("<=", self.until))
            if day is not None
        ]
        for party in self.parties:
            unit = f" OR a.unit = {parameter(party.unit)}" if party.unit else ""
            parts.append(_touches(f"a.owner_id = {parameter(party.owner_id)}{unit}"))
        if self.purpose is not None:
            parts.append(_touches(f"a.purpose = {parameter(self.purpose.value)}"))
        return " AND ".join(parts) or "TRUE", values


def _touches(account: str) -> str:
    """That a transfer of the journal has such an account on one of its sides."""
    return f"""j.id IN (
        SELECT x.journal_id FROM account a JOIN transfer x ON x.debit_account_id = a.id WHERE {account}
        UNION ALL
        SELECT x.journal_id FROM account a JOIN transfer x ON x.credit_account_id = a.id WHERE {account})"""


EVERYTHING = Selection()
