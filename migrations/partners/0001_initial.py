from orjson import loads
from tortoise import fields, migrations
from tortoise.fields.base import OnDelete
from tortoise.fields.data import JSON_DUMPS
from tortoise.indexes import Index
from tortoise.migrations import operations as ops
from tortoise.migrations.constraints import CheckConstraint

from marketplace.kit.ids import new_id


class Migration(migrations.Migration):
    dependencies = [("ledger", "0001_initial")]

    initial = True

    operations = [
        ops.CreateModel(
            name="Partner",
            fields=[
                ("id", fields.UUIDField(primary_key=True, default=new_id, unique=True, db_index=True)),
                ("name", fields.CharField(max_length=200)),
                ("slug", fields.CharField(unique=True, max_length=120)),
                ("kind", fields.CharField(max_length=20)),
                ("status", fields.CharField(max_length=20)),
                ("country", fields.CharField(max_length=2)),
                ("registry_id", fields.CharField(null=True, unique=True, max_length=60)),
                ("created_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ("approved_at", fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
            ],
            options={
                "table": "partner",
                "app": "partners",
                "constraints": [
                    CheckConstraint(check="kind IN ('COMMERCIAL', 'CHARITY')", name="partner_kind_known"),
                    CheckConstraint(
                        check="status IN ('PENDING', 'APPROVED', 'SUSPENDED')", name="partner_status_known"
                    ),
                    CheckConstraint(
                        check="kind <> 'CHARITY' OR registry_id IS NOT NULL",
                        name="partner_charity_has_registry_id",
                    ),
                ],
                "pk_attr": "id",
                "table_description": "The legal counterparty that is settled. A charity has a registry id (org-id.guide scheme).",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="Brand",
            fields=[
                ("id", fields.UUIDField(primary_key=True, default=new_id, unique=True, db_index=True)),
                (
                    "partner",
                    fields.ForeignKeyField(
                        "partners.Partner",
                        source_field="partner_id",
                        db_index=True,
                        db_constraint=True,
                        to_field="id",
                        related_name=False,
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                ("name", fields.CharField(max_length=120)),
                ("slug", fields.CharField(unique=True, max_length=120)),
                ("website", fields.CharField(null=True, max_length=300)),
                ("wikidata_id", fields.CharField(null=True, max_length=20)),
                ("countries", fields.JSONField(default=list, encoder=JSON_DUMPS, decoder=loads)),
                ("category", fields.CharField(null=True, max_length=40)),
            ],
            options={
                "table": "brand",
                "app": "partners",
                "indexes": [Index(fields=["name", "id"], name="brand_name")],
                "pk_attr": "id",
                "table_description": "What a shopper recognises. A partner has one or more.",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="Contract",
            fields=[
                ("id", fields.UUIDField(primary_key=True, default=new_id, unique=True, db_index=True)),
                (
                    "partner",
                    fields.ForeignKeyField(
                        "partners.Partner",
                        source_field="partner_id",
                        db_index=True,
                        db_constraint=True,
                        to_field="id",
                        related_name=False,
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                ("valid_from", fields.DateField()),
                ("valid_until", fields.DateField(null=True)),
                ("commission_bp", fields.IntField()),
                ("vat_bp", fields.IntField(default=0)),
                ("currency", fields.CharField(max_length=3)),
                ("schedule", fields.CharField(max_length=20)),
                ("timezone", fields.CharField(max_length=60)),
                ("minimum_payout_minor", fields.BigIntField(default=0)),
                ("return_window_days", fields.IntField(default=0)),
            ],
            options={
                "table": "contract",
                "app": "partners",
                "constraints": [
                    CheckConstraint(check="schedule IN ('WEEKLY', 'MONTHLY')", name="contract_schedule_known"),
                    CheckConstraint(
                        check="commission_bp BETWEEN 0 AND 10000", name="contract_commission_is_a_share"
                    ),
                    CheckConstraint(check="vat_bp BETWEEN 0 AND 10000", name="contract_vat_is_a_share"),
                    CheckConstraint(check="minimum_payout_minor >= 0", name="contract_minimum_not_negative"),
                    CheckConstraint(check="return_window_days >= 0", name="contract_window_not_negative"),
                    CheckConstraint(
                        check="valid_until IS NULL OR valid_until > valid_from", name="contract_dates_in_order"
                    ),
                ],
                "pk_attr": "id",
                "table_description": "The terms of one stretch of time. Those of one partner never overlap (exclusion constraint).",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="Accrual",
            fields=[
                ("id", fields.UUIDField(primary_key=True, default=new_id, unique=True, db_index=True)),
                (
                    "partner",
                    fields.ForeignKeyField(
                        "partners.Partner",
                        source_field="partner_id",
                        db_index=True,
                        db_constraint=True,
                        to_field="id",
                        related_name=False,
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                (
                    "contract",
                    fields.ForeignKeyField(
                        "partners.Contract",
                        source_field="contract_id",
                        db_constraint=True,
                        to_field="id",
                        related_name=False,
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                (
                    "journal",
                    fields.ForeignKeyField(
                        "ledger.Journal",
                        source_field="journal_id",
                        db_constraint=True,
                        to_field="id",
                        related_name=False,
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                ("kind", fields.CharField(max_length=20)),
                ("ref_type", fields.CharField(max_length=60)),
                ("ref_id", fields.UUIDField()),
                ("description", fields.CharField(max_length=300)),
                ("currency", fields.CharField(max_length=3)),
                ("gross_minor", fields.BigIntField()),
                ("commission_minor", fields.BigIntField()),
                ("vat_minor", fields.BigIntField()),
                ("net_minor", fields.BigIntField()),
                ("source_minor", fields.BigIntField()),
                ("source_currency", fields.CharField(max_length=3)),
                ("fx_rate", fields.DecimalField(max_digits=28, decimal_places=10)),
                ("effective_on", fields.DateField()),
                ("payable_on", fields.DateField()),
                ("booked_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
            ],
            options={
                "table": "accrual",
                "app": "partners",
                "unique_together": (("kind", "ref_id"),),
                "constraints": [
                    CheckConstraint(
                        check="kind IN ('SALE', 'DONATION', 'REFUND', 'ADJUSTMENT')", name="accrual_kind_known"
                    ),
                    CheckConstraint(
                        check="net_minor = gross_minor - commission_minor - vat_minor", name="accrual_adds_up"
                    ),
                ],
                "indexes": [
                    Index(fields=["partner_id", "payable_on", "id"], name="accrual_partner_payable"),
                    Index(fields=["ref_id"], name="accrual_ref"),
                ],
                "pk_attr": "id",
                "table_description": "One change of what a partner is owed, in the contract's currency: net = gross - commission - vat.",
            },
            bases=["Model"],
        ),
        ops.RunSQL(
            [
                "ALTER TABLE \"partner\" ADD CONSTRAINT \"partner_kind_known\" CHECK (kind IN ('COMMERCIAL', 'CHARITY'))",
                "ALTER TABLE \"partner\" ADD CONSTRAINT \"partner_status_known\" CHECK (status IN ('PENDING', 'APPROVED', 'SUSPENDED'))",
                'ALTER TABLE "partner" ADD CONSTRAINT "partner_charity_has_registry_id" CHECK (kind <> \'CHARITY\' OR registry_id IS NOT NULL)',
                "ALTER TABLE \"contract\" ADD CONSTRAINT \"contract_schedule_known\" CHECK (schedule IN ('WEEKLY', 'MONTHLY'))",
                'ALTER TABLE "contract" ADD CONSTRAINT "contract_commission_is_a_share" CHECK (commission_bp BETWEEN 0 AND 10000)',
                'ALTER TABLE "contract" ADD CONSTRAINT "contract_vat_is_a_share" CHECK (vat_bp BETWEEN 0 AND 10000)',
                'ALTER TABLE "contract" ADD CONSTRAINT "contract_minimum_not_negative" CHECK (minimum_payout_minor >= 0)',
                'ALTER TABLE "contract" ADD CONSTRAINT "contract_window_not_negative" CHECK (return_window_days >= 0)',
                'ALTER TABLE "contract" ADD CONSTRAINT "contract_dates_in_order" CHECK (valid_until IS NULL OR valid_until > valid_from)',
                "ALTER TABLE \"accrual\" ADD CONSTRAINT \"accrual_kind_known\" CHECK (kind IN ('SALE', 'DONATION', 'REFUND', 'ADJUSTMENT'))",
                'ALTER TABLE "accrual" ADD CONSTRAINT "accrual_adds_up" CHECK (net_minor = gross_minor - commission_minor - vat_minor)',
            ],
            [
                'ALTER TABLE "accrual" DROP CONSTRAINT "accrual_adds_up"',
                'ALTER TABLE "accrual" DROP CONSTRAINT "accrual_kind_known"',
                'ALTER TABLE "contract" DROP CONSTRAINT "contract_dates_in_order"',
                'ALTER TABLE "contract" DROP CONSTRAINT "contract_window_not_negative"',
                'ALTER TABLE "contract" DROP CONSTRAINT "contract_minimum_not_negative"',
                'ALTER TABLE "contract" DROP CONSTRAINT "contract_vat_is_a_share"',
                'ALTER TABLE "contract" DROP CONSTRAINT "contract_commission_is_a_share"',
                'ALTER TABLE "contract" DROP CONSTRAINT "contract_schedule_known"',
                'ALTER TABLE "partner" DROP CONSTRAINT "partner_charity_has_registry_id"',
                'ALTER TABLE "partner" DROP CONSTRAINT "partner_status_known"',
                'ALTER TABLE "partner" DROP CONSTRAINT "partner_kind_known"',
            ],
        ),
    ]
