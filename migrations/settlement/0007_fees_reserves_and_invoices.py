from tortoise import fields, migrations
from tortoise.fields.base import OnDelete
from tortoise.migrations import operations as ops
from tortoise.migrations.constraints import CheckConstraint

from marketplace.kit.filling import AddFilledField
from marketplace.kit.ids import new_id


class Migration(migrations.Migration):
    dependencies = [
        ("members", "0001_initial"),
        ("members", "0002_a_policy_for_every_market"),
        ("members", "0003_levels_are_earned"),
        ("members", "0004_limits_and_early_access"),
        ("members", "0005_members_who_leave_are_noted"),
        ("members", "0006_reviews_and_baskets"),
        ("partners", "0006_rates_fees_and_reserves"),
        ("payments", "0001_initial"),
        ("payments", "0002_points_and_a_card"),
        ("payments", "0003_reviews_and_baskets"),
        ("settlement", "0006_top_ups_move_to_billing"),
    ]

    initial = False

    operations = [
        ops.CreateModel(
            name="CommissionInvoice",
            fields=[
                ("id", fields.UUIDField(primary_key=True, default=new_id, unique=True, db_index=True)),
                (
                    "statement",
                    fields.OneToOneField(
                        "settlement.Statement",
                        source_field="statement_id",
                        db_constraint=True,
                        to_field="id",
                        related_name=False,
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                ("kind", fields.CharField(max_length=20)),
                ("issuer", fields.CharField(max_length=20)),
                ("year", fields.IntField()),
                ("sequence", fields.IntField()),
                ("number", fields.CharField(unique=True, max_length=60)),
                ("net_minor", fields.BigIntField()),
                ("vat_minor", fields.BigIntField()),
                ("total_minor", fields.BigIntField()),
                ("currency", fields.CharField(max_length=3)),
                ("vat_rule", fields.CharField(max_length=20)),
                ("vat_bp", fields.IntField()),
                ("vat_number", fields.CharField(null=True, max_length=20)),
                ("issued_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
            ],
            options={
                "table": "commission_invoice",
                "app": "settlement",
                "unique_together": (("issuer", "year", "sequence"),),
                "constraints": [
                    CheckConstraint(
                        check="kind IN ('INVOICE', 'CREDIT_NOTE')", name="commission_invoice_kind_known"
                    ),
                    CheckConstraint(
                        check="vat_rule IN ('DOMESTIC', 'REVERSE_CHARGE', 'NONE')",
                        name="commission_invoice_vat_rule_known",
                    ),
                    CheckConstraint(
                        check="total_minor = net_minor + vat_minor", name="commission_invoice_adds_up"
                    ),
                    CheckConstraint(
                        check="(kind = 'CREDIT_NOTE') = (total_minor < 0)", name="commission_invoice_sign_by_kind"
                    ),
                ],
                "pk_attr": "id",
                "table_description": "What one statement charges its partner: commission and fees, and VAT by the contract's rule.",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="InvoiceSeries",
            fields=[
                ("id", fields.UUIDField(primary_key=True, default=new_id, unique=True, db_index=True)),
                ("issuer", fields.CharField(max_length=20)),
                ("year", fields.IntField()),
                ("newest", fields.IntField()),
            ],
            options={
                "table": "invoice_series",
                "app": "settlement",
                "unique_together": (("issuer", "year"),),
                "pk_attr": "id",
                "table_description": "The last number of an issuer in a year, locked by whoever issues until it commits: so there are no gaps.",
            },
            bases=["Model"],
        ),
        ops.RemoveConstraint(
            model_name="Statement",
            name="statement_adds_up",
            fields=None,
        ),
        AddFilledField(
            model_name="Statement",
            name="fees_minor",
            field=fields.BigIntField(default=0),
        ),
        AddFilledField(
            model_name="Statement",
            name="reserve_minor",
            field=fields.BigIntField(default=0),
        ),
        ops.AddConstraint(
            model_name="Statement",
            constraint=CheckConstraint(
                check="closing_minor = opening_minor + gross_minor - commission_minor - fees_minor - vat_minor + adjustments_minor + reserve_minor",
                name="statement_adds_up",
            ),
        ),
        ops.RemoveConstraint(
            model_name="StatementLine",
            name="statement_line_kind_known",
            fields=None,
        ),
        ops.AddConstraint(
            model_name="StatementLine",
            constraint=CheckConstraint(
                check="kind IN ('SALES', 'DONATIONS', 'REFUNDS', 'REBATE', 'FEE', 'ADJUSTMENTS', 'DISCOUNT_CAP', 'RESERVE_HELD', 'RESERVE_RELEASED')",
                name="statement_line_kind_known",
            ),
        ),
        ops.RunSQL(
            [
                "ALTER TABLE \"commission_invoice\" ADD CONSTRAINT \"commission_invoice_kind_known\" CHECK (kind IN ('INVOICE', 'CREDIT_NOTE'))",
                "ALTER TABLE \"commission_invoice\" ADD CONSTRAINT \"commission_invoice_vat_rule_known\" CHECK (vat_rule IN ('DOMESTIC', 'REVERSE_CHARGE', 'NONE'))",
                'ALTER TABLE "commission_invoice" ADD CONSTRAINT "commission_invoice_adds_up" CHECK (total_minor = net_minor + vat_minor)',
                'ALTER TABLE "commission_invoice" ADD CONSTRAINT "commission_invoice_sign_by_kind" CHECK ((kind = \'CREDIT_NOTE\') = (total_minor < 0))',
            ],
            [
                'ALTER TABLE "commission_invoice" DROP CONSTRAINT "commission_invoice_sign_by_kind"',
                'ALTER TABLE "commission_invoice" DROP CONSTRAINT "commission_invoice_adds_up"',
                'ALTER TABLE "commission_invoice" DROP CONSTRAINT "commission_invoice_vat_rule_known"',
                'ALTER TABLE "commission_invoice" DROP CONSTRAINT "commission_invoice_kind_known"',
            ],
        ),
    ]
