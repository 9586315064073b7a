from tortoise import fields, migrations
from tortoise.fields.base import OnDelete
from tortoise.migrations import operations as ops
from tortoise.migrations.constraints import UniqueConstraint

from marketplace.kit.ids import new_id

FILLED = """
INSERT INTO donation_receipt (id, pledge_id, number, year, sequence, amount_minor, currency, issued_at)
SELECT gen_random_uuid(), id, 'DR-' || year || '-' || to_char(place, 'FM000000000'), year, place, amount_minor,
    currency, remitted_at
FROM (
    SELECT *, row_number() OVER (PARTITION BY year ORDER BY id) AS place FROM (
        SELECT *, extract(year FROM remitted_at AT TIME ZONE 'UTC')::int AS year FROM pledge
        WHERE state = 'REMITTED' AND remitted_at IS NOT NULL
    ) AS remitted
) AS numbered"""


class Migration(migrations.Migration):
    dependencies = [
        ("donations", "0003_pledges_are_found_by_hold"),
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
        ("points", "0005_notices_are_noted"),
    ]

    initial = False

    operations = [
        ops.CreateModel(
            name="DonationReceipt",
            fields=[
                ("id", fields.UUIDField(primary_key=True, default=new_id, unique=True, db_index=True)),
                (
                    "pledge",
                    fields.ForeignKeyField(
                        "donations.Pledge",
                        source_field="pledge_id",
                        db_index=True,
                        db_constraint=True,
                        to_field="id",
                        related_name=False,
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                ("number", fields.CharField(unique=True, max_length=30)),
                ("year", fields.IntField()),
                ("sequence", fields.BigIntField()),
                ("amount_minor", fields.BigIntField()),
                ("currency", fields.CharField(max_length=3)),
                ("issued_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ("voided_at", fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
            ],
            options={
                "table": "donation_receipt",
                "app": "donations",
                "unique_together": (("year", "sequence"),),
                "constraints": [
                    UniqueConstraint(
                        fields=("pledge_id",),
                        name="donation_receipt_one_that_counts",
                        condition="voided_at IS NULL",
                    )
                ],
                "pk_attr": "id",
                "table_description": "That a donation has reached its charity, numbered in a year without gaps. Void when a bank took it back.",
            },
            bases=["Model"],
        ),
        ops.RunSQL(FILLED, []),
        ops.RunSQL(
            [
                'CREATE UNIQUE INDEX "donation_receipt_one_that_counts" ON "donation_receipt" ("pledge_id") WHERE voided_at IS NULL'
            ],
            ['DROP INDEX "donation_receipt_one_that_counts"'],
        ),
    ]
