from tortoise import fields, migrations
from tortoise.migrations import operations as ops
from tortoise.migrations.constraints import CheckConstraint


class Migration(migrations.Migration):
    """A top-up whose payment went back to the payer, and what members had spent of it by then."""

    dependencies = [("settlement", "0002_lines_come_before_their_statement")]

    operations = [
        ops.RemoveConstraint(
            model_name="TopUp",
            name="top_up_state_known",
            fields=None,
        ),
        ops.AddField(
            model_name="TopUp",
            name="uncovered_minor",
            field=fields.BigIntField(null=True),
        ),
        ops.AddConstraint(
            model_name="TopUp",
            constraint=CheckConstraint(
                check="state IN ('PENDING', 'SUCCEEDED', 'FAILED', 'RETURNED')", name="top_up_state_known"
            ),
        ),
        ops.AddConstraint(
            model_name="TopUp",
            constraint=CheckConstraint(
                check="uncovered_minor BETWEEN 0 AND amount_minor", name="top_up_uncovered_in_range"
            ),
        ),
        ops.AddConstraint(
            model_name="TopUp",
            constraint=CheckConstraint(
                check="state <> 'RETURNED' OR uncovered_minor IS NOT NULL",
                name="top_up_returned_says_what_it_leaves",
            ),
        ),
    ]
