from tortoise import fields, migrations
from tortoise.fields.base import OnDelete
from tortoise.migrations import operations as ops
from tortoise.migrations.constraints import CheckConstraint

from marketplace.kit.ids import new_id


class Migration(migrations.Migration):
    dependencies = [
        ("billing", "0006_payments_go_back"),
        ("ledger", "0001_initial"),
        ("ledger", "0002_transfers_keep_to_one_unit"),
        ("ledger", "0003_periods_are_closed"),
        ("ledger", "0004_points_and_a_card"),
        ("ledger", "0004_the_newest_rate_is_found"),
        ("ledger", "0005_money_at_banks"),
        ("ledger", "0006_funding_on_credit_and_uncovered"),
        ("ledger", "0007_reserves_are_held"),
        ("members", "0001_initial"),
        ("members", "0002_a_policy_for_every_market"),
        ("members", "0003_levels_are_earned"),
        ("members", "0004_limits_and_early_access"),
        ("members", "0005_members_who_leave_are_noted"),
        ("members", "0006_reviews_and_baskets"),
        ("partners", "0001_initial"),
        ("partners", "0002_contracts_never_overlap"),
        ("partners", "0003_refunds_in_parts"),
        ("partners", "0004_who_bears_discounts"),
        ("partners", "0005_accruals_have_their_place"),
        ("partners", "0006_rates_fees_and_reserves"),
        ("points", "0001_initial"),
        ("points", "0002_lots_follow_a_policy"),
        ("points", "0003_notices_of_expiry"),
        ("points", "0004_wallets_are_noted"),
        ("points", "0005_notices_are_noted"),
    ]

    initial = False

    operations = [
        ops.CreateModel(
            name="CoalitionAward",
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
                (
                    "partner",
                    fields.ForeignKeyField(
                        "partners.Partner",
                        source_field="partner_id",
                        db_constraint=True,
                        to_field="id",
                        related_name=False,
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                (
                    "award",
                    fields.OneToOneField(
                        "points.Award",
                        source_field="award_id",
                        db_constraint=True,
                        to_field="id",
                        related_name=False,
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                ("reference", fields.CharField(max_length=100)),
                ("points", fields.BigIntField()),
                ("left", fields.BigIntField()),
                ("given_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
            ],
            options={
                "table": "coalition_award",
                "app": "billing",
                "unique_together": (("partner_id", "program_id", "reference"),),
                "constraints": [
                    CheckConstraint(check='points > 0 AND "left" >= 0', name="coalition_award_points_positive")
                ],
                "pk_attr": "id",
                "table_description": "Points that a partner gave to a member, of those it bought; once for each of its references. Append-only.",
            },
            bases=["Model"],
        ),
        ops.RunSQL(
            [
                'ALTER TABLE "coalition_award" ADD CONSTRAINT "coalition_award_points_positive" CHECK (points > 0 AND "left" >= 0)'
            ],
            ['ALTER TABLE "coalition_award" DROP CONSTRAINT "coalition_award_points_positive"'],
        ),
    ]
