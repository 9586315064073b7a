"""Creditor references: made, printed, and found again in what a bank tells."""

from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st
from stdnum import iso11649

from marketplace.billing import references
from marketplace.billing.references import Pays, creditor_reference, printed, references_in
from marketplace.kit.ids import new_id


@given(st.uuids(), st.sampled_from(Pays), st.text(max_size=20), st.text(max_size=20))
def test_a_reference_is_found_in_whatever_is_written_around_it(
    id: UUID, pays: Pays, before: str, after: str
) -> None:
    """Check digits by ISO 11649; spaces and case do not matter."""
    reference = creditor_reference(pays, id)
    assert iso11649.is_valid(reference)
    found = references_in([before, f"{printed(reference).lower()} {after}"])
    assert reference in {one.reference for one in found}


def test_a_slip_of_the_pen_is_no_reference() -> None:
    reference = creditor_reference(Pays.TOP_UP, new_id())
    wrong = reference[:-1] + ("0" if reference[-1] != "0" else "1")
    assert references_in([wrong, "RF18 5390 0754 7034", "", "RF"]) == []
    assert len(references_in([reference] * (references.TEXTS + 1))) == 1
