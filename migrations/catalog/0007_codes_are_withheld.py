from tortoise import fields, migrations
from tortoise.fields.base import OnDelete
from tortoise.indexes import Index
from tortoise.migrations import operations as ops
from tortoise.migrations.constraints import CheckConstraint

from marketplace.kit.filling import AddFilledField
from marketplace.kit.ids import new_id


class Migration(migrations.Migration):
    dependencies = [
        ("catalog", "0001_initial"),
        ("catalog", "0002_search_by_trigram"),
        ("catalog", "0003_takes_are_counted_by_member"),
        ("catalog", "0004_words_with_typos_find_offers"),
        ("catalog", "0005_a_typo_is_looked_up_in_known_words"),
        ("catalog", "0006_codes_are_found_by_fingerprint"),
        ("members", "0001_initial"),
        ("members", "0002_a_policy_for_every_market"),
        ("partners", "0001_initial"),
        ("partners", "0002_contracts_never_overlap"),
        ("partners", "0003_refunds_in_parts"),
    ]

    initial = False

    operations = [
        ops.CreateModel(
            name="CodeFreeze",
            fields=[
                ("id", fields.UUIDField(primary_key=True, default=new_id, unique=True, db_index=True)),
                (
                    "item",
                    fields.ForeignKeyField(
                        "catalog.Item",
                        source_field="item_id",
                        db_index=True,
                        db_constraint=True,
                        to_field="id",
                        related_name=False,
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                ("reason", fields.CharField(max_length=300)),
                ("codes", fields.BigIntField(default=0)),
                ("frozen_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ("released_at", fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
            ],
            options={
                "table": "code_freeze",
                "app": "catalog",
                "pk_attr": "id",
                "table_description": "Codes of an item that were stopped because they may have leaked, until they are released.",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="WithheldCode",
            fields=[
                ("id", fields.UUIDField(primary_key=True, default=new_id, unique=True, db_index=True)),
                (
                    "item",
                    fields.ForeignKeyField(
                        "catalog.Item",
                        source_field="item_id",
                        db_constraint=True,
                        to_field="id",
                        related_name=False,
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                ("position", fields.BigIntField()),
                (
                    "freeze",
                    fields.ForeignKeyField(
                        "catalog.CodeFreeze",
                        source_field="freeze_id",
                        null=True,
                        db_index=True,
                        db_constraint=True,
                        to_field="id",
                        related_name=False,
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                ("withheld_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
            ],
            options={
                "table": "withheld_code",
                "app": "catalog",
                "unique_together": (("item_id", "position"),),
                "pk_attr": "id",
                "table_description": "A position whose code is not handed out: stopped by a freeze, or (without one) expired on the shelf.",
            },
            bases=["Model"],
        ),
        ops.AlterModelOptions(
            name="Stock",
            options={
                "table": "stock",
                "app": "catalog",
                "constraints": [
                    CheckConstraint(check="taken >= 0 AND taken <= loaded", name="stock_never_oversold"),
                    CheckConstraint(
                        check="withheld >= 0 AND taken + withheld <= loaded", name="stock_withheld_within"
                    ),
                ],
                "indexes": [Index(fields=["first_expiry"], name="stock_first_expiry")],
                "pk_attr": "item_id",
                "table_description": "How many units of an item were put in and taken. The row is locked last.",
            },
        ),
        ops.AddField(
            model_name="Stock",
            name="first_expiry",
            field=fields.DatetimeField(null=True, auto_now=False, auto_now_add=False),
        ),
        AddFilledField(
            model_name="Stock",
            name="withheld",
            field=fields.BigIntField(default=0),
        ),
        ops.AddIndex(
            model_name="Stock",
            index=Index(fields=["first_expiry"], name="stock_first_expiry"),
        ),
        ops.AddConstraint(
            model_name="Stock",
            constraint=CheckConstraint(
                check="withheld >= 0 AND taken + withheld <= loaded", name="stock_withheld_within"
            ),
        ),
        ops.RunSQL(
            """
            UPDATE stock SET first_expiry = (
                SELECT min(c.expires_at) FROM voucher_code c
                WHERE c.item_id = stock.item_id AND c.position > stock.taken)""",
            "SELECT 1",
        ),
    ]
