from tortoise import fields, migrations
from tortoise.fields.base import OnDelete
from tortoise.migrations import operations as ops


class Migration(migrations.Migration):
    dependencies = [
        ("earning", "0003_some_are_held_out"),
        ("members", "0001_initial"),
        ("members", "0002_a_policy_for_every_market"),
        ("members", "0003_levels_are_earned"),
        ("members", "0004_limits_and_early_access"),
        ("members", "0005_members_who_leave_are_noted"),
        ("members", "0006_reviews_and_baskets"),
    ]

    initial = False

    operations = [
        ops.CreateModel(
            name="UncountedSpend",
            fields=[
                (
                    "event",
                    fields.OneToOneField(
                        "earning.EarningEvent",
                        source_field="event_id",
                        primary_key=True,
                        db_index=True,
                        db_constraint=True,
                        to_field="id",
                        related_name=False,
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                ("since", fields.DatetimeField(auto_now=False, auto_now_add=False)),
            ],
            options={
                "table": "earning_uncounted_spend",
                "app": "earning",
                "pk_attr": "event_id",
                "table_description": "What a purchase cost does not count towards levels yet: no exchange rate of its currency is known.",
            },
            bases=["Model"],
        ),
    ]
