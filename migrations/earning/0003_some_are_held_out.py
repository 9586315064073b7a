from tortoise import fields, migrations
from tortoise.migrations import operations as ops
from tortoise.migrations.constraints import CheckConstraint

from marketplace.kit.filling import AddFilledField


class Migration(migrations.Migration):
    dependencies = [
        ("earning", "0002_points_are_taken_out_of_budgets"),
        ("members", "0001_initial"),
        ("members", "0002_a_policy_for_every_market"),
        ("members", "0003_levels_are_earned"),
        ("members", "0004_limits_and_early_access"),
        ("members", "0005_members_who_leave_are_noted"),
        ("members", "0006_reviews_and_baskets"),
    ]

    initial = False

    operations = [
        ops.RemoveConstraint(
            model_name="Outcome",
            name="earning_outcome_reason_known",
            fields=None,
        ),
        AddFilledField(
            model_name="Outcome",
            name="held_out",
            field=fields.BooleanField(default=False),
        ),
        ops.AddConstraint(
            model_name="Outcome",
            constraint=CheckConstraint(
                check="reason IN ('EARNED', 'GOAL_NOT_YET', 'CAP_REACHED', 'BUDGET_SPENT', 'TOO_LITTLE', 'OTHER_CURRENCY', 'NO_AMOUNT', 'OTHER_TIER', 'OTHER_SEGMENT', 'OTHER_CHANNEL', 'OTHER_ATTRIBUTE', 'OTHER_DAY', 'OUTRANKED', 'NOT_REFERRED', 'HELD_OUT')",
                name="earning_outcome_reason_known",
            ),
        ),
    ]
