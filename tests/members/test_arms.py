"""Which of the tested ratios a member belongs to."""

from marketplace.kit.ids import new_id
from marketplace.members.policies import arm_for


def test_the_shares_of_arms_are_kept_to_and_an_arm_that_grows_keeps_whom_it_had() -> None:
    program, members = new_id(), [new_id() for _ in range(4000)]
    arms = [arm_for(member, program, [("a", 2500), ("b", 2500)]) for member in members]
    assert all(850 < arms.count(name) < 1150 for name in ("a", "b"))
    grown = [arm_for(member, program, [("a", 5000)]) for member in members]
    assert all(after == "a" for before, after in zip(arms, grown, strict=True) if before == "a")
