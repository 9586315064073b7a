from tortoise import migrations
from tortoise.migrations import operations as ops
from tortoise.migrations.constraints import CheckConstraint


class Migration(migrations.Migration):
    """A budget can lose points that nobody was given."""

    dependencies = [("earning", "0001_initial")]

    initial = False

    operations = [
        ops.RemoveConstraint(
            model_name="BudgetAddition",
            name="earning_budget_addition_points_positive",
            fields=None,
        ),
        ops.AlterModelOptions(
            name="BudgetAddition",
            options={
                "table": "earning_budget_addition",
                "app": "earning",
                "unique_together": (("budget_id", "reference"),),
                "constraints": [
                    CheckConstraint(check="points <> 0", name="earning_budget_addition_changes_something"),
                    CheckConstraint(
                        check="(paid_minor IS NULL) = (paid_currency IS NULL)",
                        name="earning_budget_addition_paid_has_currency",
                    ),
                ],
                "pk_attr": "id",
                "table_description": "Points added to a budget, or (below zero) taken out, once for each reference, and what was paid for them.",
            },
        ),
        ops.AddConstraint(
            model_name="BudgetAddition",
            constraint=CheckConstraint(check="points <> 0", name="earning_budget_addition_changes_something"),
        ),
    ]
