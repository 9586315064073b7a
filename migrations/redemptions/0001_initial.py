from orjson import loads
from tortoise import fields, migrations
from tortoise.fields.base import OnDelete
from tortoise.fields.data import JSON_DUMPS
from tortoise.indexes import Index
from tortoise.migrations import operations as ops
from tortoise.migrations.constraints import CheckConstraint, UniqueConstraint

from marketplace.kit.ids import new_id


class Migration(migrations.Migration):
    dependencies = [
        ("catalog", "0001_initial"),
        ("members", "0001_initial"),
        ("partners", "0001_initial"),
        ("payments", "0001_initial"),
        ("points", "0001_initial"),
    ]

    initial = True

    operations = [
        ops.CreateModel(
            name="CashRedemption",
            fields=[
                ("id", fields.UUIDField(primary_key=True, default=new_id, unique=True, db_index=True)),
                (
                    "member",
                    fields.ForeignKeyField(
                        "members.Member",
                        source_field="member_id",
                        db_index=True,
                        db_constraint=True,
                        to_field="id",
                        related_name=False,
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                (
                    "program",
                    fields.ForeignKeyField(
                        "members.Program",
                        source_field="program_id",
                        db_constraint=True,
                        to_field="id",
                        related_name=False,
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                (
                    "hold",
                    fields.ForeignKeyField(
                        "points.Hold",
                        source_field="hold_id",
                        db_constraint=True,
                        to_field="id",
                        related_name=False,
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                (
                    "outbound",
                    fields.ForeignKeyField(
                        "payments.OutboundTransfer",
                        source_field="outbound_id",
                        db_constraint=True,
                        to_field="id",
                        related_name=False,
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                ("points", fields.BigIntField()),
                ("amount_minor", fields.BigIntField()),
                ("currency", fields.CharField(max_length=3)),
                ("point_value", fields.DecimalField(max_digits=28, decimal_places=10)),
                ("cash_rate_bp", fields.IntField()),
                ("state", fields.CharField(max_length=20)),
                ("redeemed_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ("fulfilled_at", fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
                ("closed_at", fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
                ("closed_reason", fields.CharField(null=True, max_length=300)),
            ],
            options={
                "table": "cash_redemption",
                "app": "redemptions",
                "unique_together": (("outbound_id",),),
                "constraints": [
                    CheckConstraint(
                        check="state IN ('PENDING', 'FULFILLED', 'FAILED', 'REFUNDED')",
                        name="cash_redemption_state_known",
                    ),
                    CheckConstraint(
                        check="points > 0 AND amount_minor > 0", name="cash_redemption_amounts_positive"
                    ),
                ],
                "pk_attr": "id",
                "table_description": "Points paid out as money through the member's connected account.",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="Redemption",
            fields=[
                ("id", fields.UUIDField(primary_key=True, default=new_id, unique=True, db_index=True)),
                (
                    "member",
                    fields.ForeignKeyField(
                        "members.Member",
                        source_field="member_id",
                        db_index=True,
                        db_constraint=True,
                        to_field="id",
                        related_name=False,
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                (
                    "program",
                    fields.ForeignKeyField(
                        "members.Program",
                        source_field="program_id",
                        db_constraint=True,
                        to_field="id",
                        related_name=False,
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
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
                ("kind", fields.CharField(max_length=20)),
                ("state", fields.CharField(max_length=20)),
                (
                    "hold",
                    fields.ForeignKeyField(
                        "points.Hold",
                        source_field="hold_id",
                        null=True,
                        db_constraint=True,
                        to_field="id",
                        related_name=False,
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                ("points", fields.BigIntField()),
                ("list_points", fields.BigIntField()),
                ("discount_bp", fields.IntField(default=0)),
                ("price_minor", fields.BigIntField()),
                ("currency", fields.CharField(max_length=3)),
                ("home_minor", fields.BigIntField()),
                ("home_currency", fields.CharField(max_length=3)),
                ("point_value", fields.DecimalField(max_digits=28, decimal_places=10)),
                ("fx_rate", fields.DecimalField(max_digits=28, decimal_places=10)),
                ("fx_as_of", fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
                ("code_position", fields.BigIntField(null=True)),
                ("revealed_at", fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
                ("redeemed_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ("fulfilled_at", fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
                ("closed_at", fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
                ("closed_reason", fields.CharField(null=True, max_length=300)),
            ],
            options={
                "table": "redemption",
                "app": "redemptions",
                "constraints": [
                    CheckConstraint(
                        check="state IN ('PENDING', 'FULFILLED', 'CANCELLED', 'FAILED', 'REFUNDED')",
                        name="redemption_state_known",
                    ),
                    CheckConstraint(
                        check="points >= 0 AND list_points >= points", name="redemption_points_not_negative"
                    ),
                    CheckConstraint(
                        check="points = 0 OR hold_id IS NOT NULL", name="redemption_held_when_it_costs"
                    ),
                    UniqueConstraint(
                        fields=("item_id", "code_position"),
                        name="redemption_code_once",
                        condition="code_position IS NOT NULL AND state NOT IN ('CANCELLED', 'FAILED')",
                    ),
                ],
                "indexes": [
                    Index(fields=["member_id", "id"], name="redemption_member_newest"),
                    Index(fields=["state", "redeemed_at"], name="redemption_state"),
                    Index(fields=["item_id", "member_id"], name="redemption_item_member"),
                ],
                "pk_attr": "id",
                "table_description": "One reward taken by a member, with everything its price was made of on that day.",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="Booking",
            fields=[
                (
                    "redemption",
                    fields.OneToOneField(
                        "redemptions.Redemption",
                        source_field="redemption_id",
                        primary_key=True,
                        db_index=True,
                        db_constraint=True,
                        to_field="id",
                        related_name=False,
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                ("ticket", fields.CharField(unique=True, max_length=30)),
                ("starts_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ("cancel_until", fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
            ],
            options={
                "table": "booking",
                "app": "redemptions",
                "pk_attr": "redemption_id",
                "table_description": "A seat in a session, with a ticket number.",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="Credit",
            fields=[
                (
                    "redemption",
                    fields.OneToOneField(
                        "redemptions.Redemption",
                        source_field="redemption_id",
                        primary_key=True,
                        db_index=True,
                        db_constraint=True,
                        to_field="id",
                        related_name=False,
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                ("state", fields.CharField(max_length=20)),
                ("membership_number", fields.CharField(max_length=60)),
                ("lots", fields.IntField()),
                ("units", fields.BigIntField()),
                ("answered_at", fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
                ("refused_reason", fields.CharField(null=True, max_length=200)),
            ],
            options={
                "table": "credit",
                "app": "redemptions",
                "constraints": [
                    CheckConstraint(
                        check="state IN ('REQUESTED', 'CREDITED', 'REFUSED')", name="credit_state_known"
                    ),
                    CheckConstraint(check="lots > 0 AND units > 0", name="credit_units_positive"),
                ],
                "pk_attr": "redemption_id",
                "table_description": "Brand currency for a membership number (personal data) at the partner.",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="Shipment",
            fields=[
                (
                    "redemption",
                    fields.OneToOneField(
                        "redemptions.Redemption",
                        source_field="redemption_id",
                        primary_key=True,
                        db_index=True,
                        db_constraint=True,
                        to_field="id",
                        related_name=False,
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                ("state", fields.CharField(max_length=20)),
                ("address", fields.JSONField(default=dict, encoder=JSON_DUMPS, decoder=loads)),
                ("carrier", fields.CharField(null=True, max_length=80)),
                ("tracking", fields.CharField(null=True, max_length=120)),
                ("shipped_at", fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
                ("delivered_at", fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
            ],
            options={
                "table": "shipment",
                "app": "redemptions",
                "constraints": [
                    CheckConstraint(
                        check="state IN ('ORDERED', 'SHIPPED', 'DELIVERED')", name="shipment_state_known"
                    )
                ],
                "pk_attr": "redemption_id",
                "table_description": "A parcel of merchandise. The address is personal data: erased without touching the redemption.",
            },
            bases=["Model"],
        ),
        ops.RunSQL(
            [
                "ALTER TABLE \"cash_redemption\" ADD CONSTRAINT \"cash_redemption_state_known\" CHECK (state IN ('PENDING', 'FULFILLED', 'FAILED', 'REFUNDED'))",
                'ALTER TABLE "cash_redemption" ADD CONSTRAINT "cash_redemption_amounts_positive" CHECK (points > 0 AND amount_minor > 0)',
                "ALTER TABLE \"redemption\" ADD CONSTRAINT \"redemption_state_known\" CHECK (state IN ('PENDING', 'FULFILLED', 'CANCELLED', 'FAILED', 'REFUNDED'))",
                'ALTER TABLE "redemption" ADD CONSTRAINT "redemption_points_not_negative" CHECK (points >= 0 AND list_points >= points)',
                'ALTER TABLE "redemption" ADD CONSTRAINT "redemption_held_when_it_costs" CHECK (points = 0 OR hold_id IS NOT NULL)',
                'CREATE UNIQUE INDEX "redemption_code_once" ON "redemption" ("item_id", "code_position") WHERE code_position IS NOT NULL AND state NOT IN (\'CANCELLED\', \'FAILED\')',
                "ALTER TABLE \"credit\" ADD CONSTRAINT \"credit_state_known\" CHECK (state IN ('REQUESTED', 'CREDITED', 'REFUSED'))",
                'ALTER TABLE "credit" ADD CONSTRAINT "credit_units_positive" CHECK (lots > 0 AND units > 0)',
                "ALTER TABLE \"shipment\" ADD CONSTRAINT \"shipment_state_known\" CHECK (state IN ('ORDERED', 'SHIPPED', 'DELIVERED'))",
            ],
            [
                'ALTER TABLE "shipment" DROP CONSTRAINT "shipment_state_known"',
                'ALTER TABLE "credit" DROP CONSTRAINT "credit_units_positive"',
                'ALTER TABLE "credit" DROP CONSTRAINT "credit_state_known"',
                'DROP INDEX "redemption_code_once"',
                'ALTER TABLE "redemption" DROP CONSTRAINT "redemption_held_when_it_costs"',
                'ALTER TABLE "redemption" DROP CONSTRAINT "redemption_points_not_negative"',
                'ALTER TABLE "redemption" DROP CONSTRAINT "redemption_state_known"',
                'ALTER TABLE "cash_redemption" DROP CONSTRAINT "cash_redemption_amounts_positive"',
                'ALTER TABLE "cash_redemption" DROP CONSTRAINT "cash_redemption_state_known"',
            ],
        ),
    ]
