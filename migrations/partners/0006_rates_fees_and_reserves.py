from tortoise import fields, migrations
from tortoise.fields.base import OnDelete
from tortoise.migrations import operations as ops
from tortoise.migrations.constraints import CheckConstraint

from marketplace.kit.filling import AddFilledField
from marketplace.kit.ids import new_id


class Migration(migrations.Migration):
    dependencies = [
        ("ledger", "0007_reserves_are_held"),
        ("partners", "0001_initial"),
        ("partners", "0002_contracts_never_overlap"),
        ("partners", "0003_refunds_in_parts"),
        ("partners", "0004_who_bears_discounts"),
        ("partners", "0005_accruals_have_their_place"),
    ]

    initial = False

    operations = [
        ops.CreateModel(
            name="ContractRate",
            fields=[
                ("id", fields.UUIDField(primary_key=True, default=new_id, unique=True, db_index=True)),
                (
                    "contract",
                    fields.ForeignKeyField(
                        "partners.Contract",
                        source_field="contract_id",
                        db_index=True,
                        db_constraint=True,
                        to_field="id",
                        related_name=False,
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                ("offer_kind", fields.CharField(null=True, max_length=20)),
                (
                    "brand",
                    fields.ForeignKeyField(
                        "partners.Brand",
                        source_field="brand_id",
                        null=True,
                        db_constraint=True,
                        to_field="id",
                        related_name=False,
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                ("commission_bp", fields.IntField()),
            ],
            options={
                "table": "contract_rate",
                "app": "partners",
                "constraints": [
                    CheckConstraint(check="commission_bp BETWEEN 0 AND 10000", name="contract_rate_is_a_share"),
                    CheckConstraint(
                        check="offer_kind IS NOT NULL OR brand_id IS NOT NULL", name="contract_rate_says_of_what"
                    ),
                ],
                "pk_attr": "id",
                "table_description": "Another commission than the contract's own for one kind of offer, one brand, or one kind of one brand.",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="ContractTier",
            fields=[
                ("id", fields.UUIDField(primary_key=True, default=new_id, unique=True, db_index=True)),
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
                ("above_minor", fields.BigIntField()),
                ("rebate_bp", fields.IntField()),
            ],
            options={
                "table": "contract_tier",
                "app": "partners",
                "unique_together": (("contract_id", "above_minor"),),
                "constraints": [
                    CheckConstraint(check="rebate_bp BETWEEN 0 AND 10000", name="contract_tier_rebate_is_a_share"),
                    CheckConstraint(check="above_minor >= 0", name="contract_tier_above_not_negative"),
                ],
                "pk_attr": "id",
                "table_description": "What comes back of the commission on the part of the volume above an amount, up to the next tier.",
            },
            bases=["Model"],
        ),
        ops.RemoveConstraint(
            model_name="Accrual",
            name="accrual_kind_known",
            fields=None,
        ),
        ops.AddField(
            model_name="Accrual",
            name="commission_bp",
            field=fields.IntField(null=True),
        ),
        ops.AddConstraint(
            model_name="Accrual",
            constraint=CheckConstraint(
                check="kind IN ('SALE', 'DONATION', 'REFUND', 'ADJUSTMENT', 'REBATE', 'FEE', 'DISCOUNT_CAP', 'RESERVE_HELD', 'RESERVE_RELEASED')",
                name="accrual_kind_known",
            ),
        ),
        ops.AddField(
            model_name="Contract",
            name="discount_cap_minor",
            field=fields.BigIntField(null=True),
        ),
        AddFilledField(
            model_name="Contract",
            name="fee_minor",
            field=fields.BigIntField(default=0),
        ),
        AddFilledField(
            model_name="Contract",
            name="reserve_bp",
            field=fields.IntField(default=0),
        ),
        AddFilledField(
            model_name="Contract",
            name="reserve_days",
            field=fields.IntField(default=0),
        ),
        ops.AddField(
            model_name="Contract",
            name="vat_number",
            field=fields.CharField(null=True, max_length=20),
        ),
        AddFilledField(
            model_name="Contract",
            name="vat_rule",
            field=fields.CharField(default="DOMESTIC", max_length=20),
        ),
        AddFilledField(
            model_name="Contract",
            name="volume_period",
            field=fields.CharField(default="YEAR", max_length=20),
        ),
        ops.AddConstraint(
            model_name="Contract",
            constraint=CheckConstraint(
                check="vat_rule IN ('DOMESTIC', 'REVERSE_CHARGE', 'NONE')", name="contract_vat_rule_known"
            ),
        ),
        ops.AddConstraint(
            model_name="Contract",
            constraint=CheckConstraint(
                check="volume_period IN ('MONTH', 'YEAR')", name="contract_volume_period_known"
            ),
        ),
        ops.AddConstraint(
            model_name="Contract",
            constraint=CheckConstraint(
                check="vat_rule = 'DOMESTIC' OR vat_bp = 0", name="contract_vat_by_its_rule"
            ),
        ),
        ops.AddConstraint(
            model_name="Contract",
            constraint=CheckConstraint(
                check="vat_rule <> 'REVERSE_CHARGE' OR vat_number IS NOT NULL",
                name="contract_reverse_charge_names_whom",
            ),
        ),
        ops.AddConstraint(
            model_name="Contract",
            constraint=CheckConstraint(check="fee_minor >= 0", name="contract_fee_not_negative"),
        ),
        ops.AddConstraint(
            model_name="Contract",
            constraint=CheckConstraint(check="reserve_bp BETWEEN 0 AND 10000", name="contract_reserve_is_a_share"),
        ),
        ops.AddConstraint(
            model_name="Contract",
            constraint=CheckConstraint(
                check="(reserve_bp = 0) = (reserve_days = 0)", name="contract_reserve_has_an_end"
            ),
        ),
        ops.AddConstraint(
            model_name="Contract",
            constraint=CheckConstraint(check="discount_cap_minor >= 0", name="contract_cap_not_negative"),
        ),
        ops.RunSQL(
            [
                'ALTER TABLE "contract_rate" ADD CONSTRAINT "contract_rate_is_a_share" CHECK (commission_bp BETWEEN 0 AND 10000)',
                'ALTER TABLE "contract_rate" ADD CONSTRAINT "contract_rate_says_of_what" CHECK (offer_kind IS NOT NULL OR brand_id IS NOT NULL)',
                'ALTER TABLE "contract_tier" ADD CONSTRAINT "contract_tier_rebate_is_a_share" CHECK (rebate_bp BETWEEN 0 AND 10000)',
                'ALTER TABLE "contract_tier" ADD CONSTRAINT "contract_tier_above_not_negative" CHECK (above_minor >= 0)',
            ],
            [
                'ALTER TABLE "contract_tier" DROP CONSTRAINT "contract_tier_above_not_negative"',
                'ALTER TABLE "contract_tier" DROP CONSTRAINT "contract_tier_rebate_is_a_share"',
                'ALTER TABLE "contract_rate" DROP CONSTRAINT "contract_rate_says_of_what"',
                'ALTER TABLE "contract_rate" DROP CONSTRAINT "contract_rate_is_a_share"',
            ],
        ),
    ]
