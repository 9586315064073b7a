from orjson import loads
from tortoise import fields, migrations
from tortoise.fields.base import OnDelete
from tortoise.fields.data import JSON_DUMPS
from tortoise.indexes import Index
from tortoise.migrations import operations as ops
from tortoise.migrations.constraints import CheckConstraint

from marketplace.kit.ids import new_id


class Migration(migrations.Migration):
    dependencies = [("partners", "0001_initial")]

    initial = True

    operations = [
        ops.CreateModel(
            name="Category",
            fields=[
                ("code", fields.CharField(primary_key=True, unique=True, db_index=True, max_length=40)),
                ("names", fields.JSONField(default=dict, encoder=JSON_DUMPS, decoder=loads)),
                ("position", fields.IntField(default=0)),
            ],
            options={
                "table": "category",
                "app": "catalog",
                "pk_attr": "code",
                "table_description": "A shelf of the catalogue.",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="Market",
            fields=[
                ("country", fields.CharField(primary_key=True, unique=True, db_index=True, max_length=2)),
                ("currency", fields.CharField(max_length=3)),
                ("languages", fields.JSONField(default=list, encoder=JSON_DUMPS, decoder=loads)),
            ],
            options={
                "table": "market",
                "app": "catalog",
                "pk_attr": "country",
                "table_description": "A country with its currency and languages (BCP 47).",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="Offer",
            fields=[
                ("id", fields.UUIDField(primary_key=True, default=new_id, unique=True, db_index=True)),
                (
                    "brand",
                    fields.ForeignKeyField(
                        "partners.Brand",
                        source_field="brand_id",
                        db_index=True,
                        db_constraint=True,
                        to_field="id",
                        related_name=False,
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                ("sku", fields.CharField(max_length=80)),
                ("kind", fields.CharField(max_length=20)),
                ("status", fields.CharField(max_length=20)),
                (
                    "category",
                    fields.ForeignKeyField(
                        "catalog.Category",
                        source_field="category_id",
                        db_index=True,
                        db_constraint=True,
                        to_field="code",
                        related_name=False,
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                ("title", fields.JSONField(default=dict, encoder=JSON_DUMPS, decoder=loads)),
                ("description", fields.JSONField(default=dict, encoder=JSON_DUMPS, decoder=loads)),
                ("search_text", fields.TextField(default="", unique=False)),
                ("popularity", fields.IntField(default=0)),
                ("published_from", fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ("published_until", fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
                ("min_tier_rank", fields.IntField(default=0)),
                ("segment", fields.CharField(null=True, max_length=40)),
                ("delivery", fields.CharField(null=True, max_length=20)),
                ("unit_name", fields.JSONField(default=dict, encoder=JSON_DUMPS, decoder=loads)),
                ("number_pattern", fields.CharField(null=True, max_length=200)),
                ("check_digit", fields.CharField(null=True, max_length=20)),
                ("cancel_until_hours", fields.IntField(null=True)),
                ("cause", fields.JSONField(default=dict, encoder=JSON_DUMPS, decoder=loads)),
                ("source", fields.CharField(max_length=80)),
                ("source_updated_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ("created_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
            ],
            options={
                "table": "offer",
                "app": "catalog",
                "unique_together": (("brand_id", "sku"),),
                "constraints": [
                    CheckConstraint(
                        check="kind IN ('VOUCHER', 'BRAND_CURRENCY', 'MERCHANDISE', 'EXPERIENCE', 'DONATION')",
                        name="offer_kind_known",
                    ),
                    CheckConstraint(
                        check="status IN ('DRAFT', 'PUBLISHED', 'RETIRED')", name="offer_status_known"
                    ),
                    CheckConstraint(
                        check="delivery IN ('CODE', 'LINK', 'ENTITLEMENT')", name="offer_delivery_known"
                    ),
                    CheckConstraint(
                        check="kind <> 'VOUCHER' OR delivery IS NOT NULL", name="offer_voucher_has_delivery"
                    ),
                    CheckConstraint(
                        check="published_until IS NULL OR published_until > published_from",
                        name="offer_window_in_order",
                    ),
                ],
                "pk_attr": "id",
                "table_description": "One catalogue entry of a brand.",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="Item",
            fields=[
                ("id", fields.UUIDField(primary_key=True, default=new_id, unique=True, db_index=True)),
                (
                    "offer",
                    fields.ForeignKeyField(
                        "catalog.Offer",
                        source_field="offer_id",
                        db_index=True,
                        db_constraint=True,
                        to_field="id",
                        related_name=False,
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                ("sku", fields.CharField(max_length=80)),
                ("label", fields.JSONField(default=dict, encoder=JSON_DUMPS, decoder=loads)),
                ("country", fields.CharField(max_length=2)),
                ("currency", fields.CharField(max_length=3)),
                ("price_minor", fields.BigIntField()),
                ("max_price_minor", fields.BigIntField(null=True)),
                ("step_minor", fields.BigIntField(null=True)),
                ("face_minor", fields.BigIntField(null=True)),
                ("units", fields.BigIntField(null=True)),
                ("starts_at", fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
                ("ends_at", fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
                ("attributes", fields.JSONField(default=dict, encoder=JSON_DUMPS, decoder=loads)),
                ("stock_mode", fields.CharField(max_length=20)),
                ("max_per_member", fields.IntField(null=True)),
                ("active", fields.BooleanField(default=True)),
            ],
            options={
                "table": "item",
                "app": "catalog",
                "unique_together": (("offer_id", "sku", "country"),),
                "constraints": [
                    CheckConstraint(
                        check="stock_mode IN ('UNLIMITED', 'COUNTED', 'CODES')", name="item_stock_mode_known"
                    ),
                    CheckConstraint(check="price_minor >= 0", name="item_price_not_negative"),
                    CheckConstraint(
                        check="max_price_minor IS NULL OR max_price_minor >= price_minor",
                        name="item_range_in_order",
                    ),
                ],
                "pk_attr": "id",
                "table_description": "What exactly is taken, in one market: `price_minor` of `currency` is what its points must be worth.",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="Listing",
            fields=[
                ("id", fields.UUIDField(primary_key=True, default=new_id, unique=True, db_index=True)),
                (
                    "offer",
                    fields.ForeignKeyField(
                        "catalog.Offer",
                        source_field="offer_id",
                        db_index=True,
                        db_constraint=True,
                        to_field="id",
                        related_name=False,
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                ("country", fields.CharField(max_length=2)),
                ("currency", fields.CharField(max_length=3)),
                ("kind", fields.CharField(max_length=20)),
                ("category_id", fields.CharField(max_length=40)),
                ("brand_id", fields.UUIDField()),
                ("from_price_minor", fields.BigIntField()),
                ("popularity", fields.IntField(default=0)),
                ("published", fields.BooleanField(default=True)),
                ("newest_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
            ],
            options={
                "table": "listing",
                "app": "catalog",
                "unique_together": (("offer_id", "country"),),
                "constraints": [CheckConstraint(check="from_price_minor >= 0", name="listing_price_not_negative")],
                "indexes": [
                    Index(fields=["country", "popularity", "offer_id"], name="listing_popular"),
                    Index(fields=["country", "from_price_minor", "offer_id"], name="listing_price"),
                    Index(fields=["country", "newest_at", "offer_id"], name="listing_newest"),
                    Index(fields=["country", "category_id", "popularity", "offer_id"], name="listing_category"),
                    Index(fields=["brand_id", "country"], name="listing_brand"),
                ],
                "pk_attr": "id",
                "table_description": "An offer in one market, with what lists filter and sort by (copied from offer and items).",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="ReturnedCode",
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
            ],
            options={
                "table": "returned_code",
                "app": "catalog",
                "unique_together": (("item_id", "position"),),
                "pk_attr": "id",
                "table_description": "A position whose code was taken, never revealed, and given back: taken first the next time.",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="Stock",
            fields=[
                (
                    "item",
                    fields.OneToOneField(
                        "catalog.Item",
                        source_field="item_id",
                        primary_key=True,
                        db_index=True,
                        db_constraint=True,
                        to_field="id",
                        related_name=False,
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                ("loaded", fields.BigIntField(default=0)),
                ("taken", fields.BigIntField(default=0)),
            ],
            options={
                "table": "stock",
                "app": "catalog",
                "constraints": [
                    CheckConstraint(check="taken >= 0 AND taken <= loaded", name="stock_never_oversold")
                ],
                "pk_attr": "item_id",
                "table_description": "How many units of an item were put in and taken. The row is locked last.",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="StockMovement",
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
                ("change", fields.SmallIntField()),
                ("position", fields.BigIntField(null=True)),
                ("ref_type", fields.CharField(max_length=60)),
                ("ref_id", fields.UUIDField()),
                ("at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
            ],
            options={
                "table": "stock_movement",
                "app": "catalog",
                "unique_together": (("ref_id", "change"),),
                "constraints": [CheckConstraint(check="change IN (-1, 1)", name="stock_movement_one_unit")],
                "pk_attr": "id",
                "table_description": "One unit taken or put back, with its cause: `taken` of the stock row is their sum. Append-only.",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="VoucherCode",
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
                ("ciphertext", fields.TextField(unique=False)),
                ("fingerprint", fields.CharField(max_length=64)),
                ("expires_at", fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
                ("loaded_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
            ],
            options={
                "table": "voucher_code",
                "app": "catalog",
                "unique_together": (("item_id", "position"), ("item_id", "fingerprint")),
                "constraints": [CheckConstraint(check="position > 0", name="voucher_code_position_from_one")],
                "pk_attr": "id",
                "table_description": "A code in the vault, immutable: encrypted, with a keyed fingerprint that finds duplicates.",
            },
            bases=["Model"],
        ),
        ops.RunSQL(
            [
                "ALTER TABLE \"offer\" ADD CONSTRAINT \"offer_kind_known\" CHECK (kind IN ('VOUCHER', 'BRAND_CURRENCY', 'MERCHANDISE', 'EXPERIENCE', 'DONATION'))",
                "ALTER TABLE \"offer\" ADD CONSTRAINT \"offer_status_known\" CHECK (status IN ('DRAFT', 'PUBLISHED', 'RETIRED'))",
                "ALTER TABLE \"offer\" ADD CONSTRAINT \"offer_delivery_known\" CHECK (delivery IN ('CODE', 'LINK', 'ENTITLEMENT'))",
                'ALTER TABLE "offer" ADD CONSTRAINT "offer_voucher_has_delivery" CHECK (kind <> \'VOUCHER\' OR delivery IS NOT NULL)',
                'ALTER TABLE "offer" ADD CONSTRAINT "offer_window_in_order" CHECK (published_until IS NULL OR published_until > published_from)',
                "ALTER TABLE \"item\" ADD CONSTRAINT \"item_stock_mode_known\" CHECK (stock_mode IN ('UNLIMITED', 'COUNTED', 'CODES'))",
                'ALTER TABLE "item" ADD CONSTRAINT "item_price_not_negative" CHECK (price_minor >= 0)',
                'ALTER TABLE "item" ADD CONSTRAINT "item_range_in_order" CHECK (max_price_minor IS NULL OR max_price_minor >= price_minor)',
                'ALTER TABLE "listing" ADD CONSTRAINT "listing_price_not_negative" CHECK (from_price_minor >= 0)',
                'ALTER TABLE "stock" ADD CONSTRAINT "stock_never_oversold" CHECK (taken >= 0 AND taken <= loaded)',
                'ALTER TABLE "stock_movement" ADD CONSTRAINT "stock_movement_one_unit" CHECK (change IN (-1, 1))',
                'ALTER TABLE "voucher_code" ADD CONSTRAINT "voucher_code_position_from_one" CHECK (position > 0)',
            ],
            [
                'ALTER TABLE "voucher_code" DROP CONSTRAINT "voucher_code_position_from_one"',
                'ALTER TABLE "stock_movement" DROP CONSTRAINT "stock_movement_one_unit"',
                'ALTER TABLE "stock" DROP CONSTRAINT "stock_never_oversold"',
                'ALTER TABLE "listing" DROP CONSTRAINT "listing_price_not_negative"',
                'ALTER TABLE "item" DROP CONSTRAINT "item_range_in_order"',
                'ALTER TABLE "item" DROP CONSTRAINT "item_price_not_negative"',
                'ALTER TABLE "item" DROP CONSTRAINT "item_stock_mode_known"',
                'ALTER TABLE "offer" DROP CONSTRAINT "offer_window_in_order"',
                'ALTER TABLE "offer" DROP CONSTRAINT "offer_voucher_has_delivery"',
                'ALTER TABLE "offer" DROP CONSTRAINT "offer_delivery_known"',
                'ALTER TABLE "offer" DROP CONSTRAINT "offer_status_known"',
                'ALTER TABLE "offer" DROP CONSTRAINT "offer_kind_known"',
            ],
        ),
    ]
