from tortoise import fields, migrations
from tortoise.fields.base import OnDelete
from tortoise.migrations import operations as ops


class Migration(migrations.Migration):
    dependencies = [
        ("ledger", "0002_transfers_keep_to_one_unit"),
        ("partners", "0001_initial"),
        ("partners", "0002_contracts_never_overlap"),
    ]

    initial = False

    operations = [
        ops.AddField(
            model_name="Accrual",
            name="reverses",
            field=fields.ForeignKeyField(
                "partners.Accrual",
                source_field="reverses_id",
                null=True,
                db_index=True,
                db_constraint=True,
                to_field="id",
                related_name=False,
                on_delete=OnDelete.RESTRICT,
            ),
        ),
        # Refunds so far named the sale by the journal that theirs corrects.
        ops.RunSQL(
            """
            UPDATE accrual back SET reverses_id = sale.id FROM journal j, accrual sale
            WHERE back.kind = 'REFUND' AND j.id = back.journal_id AND sale.journal_id = j.corrects_id""",
            "SELECT 1",
        ),
    ]
