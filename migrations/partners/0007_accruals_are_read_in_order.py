from tortoise import fields, migrations
from tortoise.fields.base import OnDelete
from tortoise.indexes import Index
from tortoise.migrations import operations as ops


class Migration(migrations.Migration):
    dependencies = [
        ("ledger", "0001_initial"),
        ("ledger", "0002_transfers_keep_to_one_unit"),
        ("ledger", "0003_periods_are_closed"),
        ("ledger", "0004_points_and_a_card"),
        ("ledger", "0004_the_newest_rate_is_found"),
        ("ledger", "0005_money_at_banks"),
        ("ledger", "0006_funding_on_credit_and_uncovered"),
        ("ledger", "0007_reserves_are_held"),
        ("partners", "0001_initial"),
        ("partners", "0002_contracts_never_overlap"),
        ("partners", "0003_refunds_in_parts"),
        ("partners", "0004_who_bears_discounts"),
        ("partners", "0005_accruals_have_their_place"),
        ("partners", "0006_rates_fees_and_reserves"),
    ]

    initial = False

    operations = [
        ops.RunSQL(
            """CREATE INDEX "accrual_reserve_held" ON "accrual" (partner_id) WHERE kind = 'RESERVE_HELD'""",
            'DROP INDEX "accrual_reserve_held"',
        ),
        ops.RemoveIndex(
            model_name="Accrual",
            name="accrual_partner_ordinal",
            fields=None,
        ),
        ops.AlterField(
            model_name="Accrual",
            name="partner",
            field=fields.ForeignKeyField(
                "partners.Partner",
                source_field="partner_id",
                db_constraint=True,
                to_field="id",
                related_name=False,
                on_delete=OnDelete.RESTRICT,
            ),
        ),
        ops.AddIndex(
            model_name="Accrual",
            index=Index(fields=["partner_id", "currency", "ordinal"], name="accrual_in_order"),
        ),
    ]
