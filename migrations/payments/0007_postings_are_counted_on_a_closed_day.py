from tortoise import fields, migrations
from tortoise.indexes import Index
from tortoise.migrations import operations as ops

COUNT = """
UPDATE stripe_posting p SET counted_on = (
    SELECT min(d.day) FROM stripe_day d
    WHERE d.currency = p.currency AND d.day >= j.effective_on AND d.closed_at >= p.posted_at
) FROM journal j WHERE j.id = p.journal_id"""


class Migration(migrations.Migration):
    """What the books had on a closed day is what is counted on it and before, so that nobody adds it up again."""

    dependencies = [
        ("ledger", "0001_initial"),
        ("ledger", "0002_transfers_keep_to_one_unit"),
        ("ledger", "0003_periods_are_closed"),
        ("ledger", "0004_points_and_a_card"),
        ("ledger", "0004_the_newest_rate_is_found"),
        ("ledger", "0005_money_at_banks"),
        ("ledger", "0006_funding_on_credit_and_uncovered"),
        ("ledger", "0007_reserves_are_held"),
        ("payments", "0006_invoices_are_sent"),
    ]

    initial = False

    operations = [
        ops.AddField(
            model_name="StripePosting",
            name="counted_on",
            field=fields.DateField(null=True),
        ),
        ops.RunSQL([COUNT], []),
        ops.AddIndex(
            model_name="StripePosting",
            index=Index(fields=["currency", "counted_on"], name="stripe_posting_counted"),
        ),
    ]
