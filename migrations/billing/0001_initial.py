from tortoise import fields, migrations
from tortoise.fields.base import OnDelete
from tortoise.migrations.constraints import CheckConstraint

from marketplace.kit.ids import new_id
from marketplace.kit.moving import TakeOver


class Migration(migrations.Migration):
    """Top-ups, as settlement left them: the table stays where it is, with its constraints."""

    dependencies = [
        ("members", "0006_reviews_and_baskets"),
        ("settlement", "0004_statements_and_payouts_are_noted"),
    ]

    initial = True

    operations = [
        TakeOver(
            name="TopUp",
            fields=[
                ("id", fields.UUIDField(primary_key=True, default=new_id, unique=True, db_index=True)),
                (
                    "program",
                    fields.ForeignKeyField(
                        "members.Program",
                        source_field="program_id",
                        db_index=True,
                        db_constraint=True,
                        to_field="id",
                        related_name=False,
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                ("method", fields.CharField(max_length=20)),
                ("state", fields.CharField(max_length=20)),
                ("reference", fields.CharField(max_length=120)),
                ("amount_minor", fields.BigIntField()),
                ("currency", fields.CharField(max_length=3)),
                ("requested_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ("evidence", fields.CharField(null=True, max_length=300)),
                ("confirmed_by", fields.UUIDField(null=True)),
                ("failure", fields.CharField(null=True, max_length=120)),
                ("uncovered_minor", fields.BigIntField(null=True)),
                ("succeeded_at", fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
            ],
            options={
                "table": "top_up",
                "app": "billing",
                "unique_together": (("program_id", "reference"),),
                "constraints": [
                    CheckConstraint(check="method IN ('STRIPE', 'BANK_TRANSFER')", name="top_up_method_known"),
                    CheckConstraint(
                        check="state IN ('PENDING', 'SUCCEEDED', 'FAILED', 'RETURNED')", name="top_up_state_known"
                    ),
                    CheckConstraint(check="amount_minor > 0", name="top_up_amount_positive"),
                    CheckConstraint(
                        check="uncovered_minor BETWEEN 0 AND amount_minor", name="top_up_uncovered_in_range"
                    ),
                    CheckConstraint(
                        check="state <> 'RETURNED' OR uncovered_minor IS NOT NULL",
                        name="top_up_returned_says_what_it_leaves",
                    ),
                ],
                "pk_attr": "id",
                "table_description": "Money that a program pays in before its members spend.",
            },
            bases=["Model"],
        ),
    ]
