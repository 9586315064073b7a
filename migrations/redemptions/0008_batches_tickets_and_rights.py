from tortoise import fields, migrations
from tortoise.fields.base import OnDelete
from tortoise.indexes import Index
from tortoise.migrations import operations as ops
from tortoise.migrations.constraints import CheckConstraint

from marketplace.kit.filling import AddFilledField
from marketplace.kit.ids import new_id


class Migration(migrations.Migration):
    dependencies = [
        ("catalog", "0009_batches_tickets_and_rights"),
        ("members", "0001_initial"),
        ("members", "0002_a_policy_for_every_market"),
        ("partners", "0001_initial"),
        ("partners", "0002_contracts_never_overlap"),
        ("partners", "0003_refunds_in_parts"),
        ("payments", "0001_initial"),
        ("points", "0001_initial"),
        ("points", "0002_lots_follow_a_policy"),
        ("redemptions", "0007_parcels_and_returns"),
    ]

    initial = False

    operations = [
        ops.CreateModel(
            name="CreditBatch",
            fields=[
                ("id", fields.UUIDField(primary_key=True, default=new_id, unique=True, db_index=True)),
                (
                    "partner",
                    fields.ForeignKeyField(
                        "partners.Partner",
                        source_field="partner_id",
                        db_constraint=True,
                        to_field="id",
                        related_name=False,
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                ("number", fields.IntField()),
                ("credits", fields.IntField()),
                ("state", fields.CharField(max_length=20)),
                ("collected_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ("acknowledged_at", fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
                ("answered_at", fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
            ],
            options={
                "table": "credit_batch",
                "app": "redemptions",
                "unique_together": (("partner_id", "number"),),
                "constraints": [
                    CheckConstraint(
                        check="state IN ('COLLECTED', 'ACKNOWLEDGED', 'ANSWERED')", name="credit_batch_state_known"
                    ),
                    CheckConstraint(check="number > 0 AND credits > 0", name="credit_batch_not_empty"),
                ],
                "pk_attr": "id",
                "table_description": "Brand currency that a partner is asked to credit, in one list: its first, second, … `number`.",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="Entitlement",
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
                ("gives", fields.CharField(max_length=20)),
                ("number", fields.CharField(unique=True, max_length=30)),
                ("state", fields.CharField(max_length=20)),
                ("starts_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ("ends_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ("used_at", fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
            ],
            options={
                "table": "entitlement",
                "app": "redemptions",
                "constraints": [
                    CheckConstraint(
                        check="gives IN ('SAMPLE', 'UPGRADE', 'MEMBERSHIP', 'FREE_SHIPPING')",
                        name="entitlement_gives_known",
                    ),
                    CheckConstraint(
                        check="state IN ('ACTIVE', 'USED', 'EXPIRED')", name="entitlement_state_known"
                    ),
                    CheckConstraint(check="ends_at > starts_at", name="entitlement_dates_in_order"),
                    CheckConstraint(
                        check="state <> 'USED' OR used_at IS NOT NULL", name="entitlement_used_at_some_moment"
                    ),
                ],
                "indexes": [Index(fields=["state", "ends_at"], name="entitlement_ends")],
                "pk_attr": "redemption_id",
                "table_description": "A right with a partner from a moment until another, by its number; `used_at` is the newest use.",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="ExchangeQuote",
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
                ("lots", fields.IntField()),
                ("units", fields.BigIntField()),
                ("list_points", fields.BigIntField()),
                ("points", fields.BigIntField()),
                ("discount_bp", fields.IntField()),
                ("price_minor", fields.BigIntField()),
                ("currency", fields.CharField(max_length=3)),
                ("home_minor", fields.BigIntField()),
                ("home_currency", fields.CharField(max_length=3)),
                ("point_value", fields.DecimalField(max_digits=28, decimal_places=10)),
                ("fx_rate", fields.DecimalField(max_digits=28, decimal_places=10)),
                ("fx_as_of", fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
                ("quoted_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ("holds_until", fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ("used_at", fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
            ],
            options={
                "table": "exchange_quote",
                "app": "redemptions",
                "constraints": [
                    CheckConstraint(check="lots > 0 AND units > 0", name="exchange_quote_lots_positive"),
                    CheckConstraint(
                        check="used_at IS NULL OR used_at <= holds_until", name="exchange_quote_used_in_time"
                    ),
                ],
                "pk_attr": "id",
                "table_description": "A price of one lot that holds for a number of lots until a moment, once.",
            },
            bases=["Model"],
        ),
        ops.AlterModelOptions(
            name="Booking",
            options={
                "table": "booking",
                "app": "redemptions",
                "pk_attr": "redemption_id",
                "table_description": "Seats in a session, with a ticket number. They may have been moved from another redemption.",
            },
        ),
        ops.AddField(
            model_name="Booking",
            name="checked_in_at",
            field=fields.DatetimeField(null=True, auto_now=False, auto_now_add=False),
        ),
        ops.AddField(
            model_name="Booking",
            name="moved_from",
            field=fields.ForeignKeyField(
                "redemptions.Redemption",
                source_field="moved_from_id",
                null=True,
                db_constraint=True,
                to_field="id",
                related_name=False,
                on_delete=OnDelete.RESTRICT,
            ),
        ),
        ops.AlterModelOptions(
            name="Credit",
            options={
                "table": "credit",
                "app": "redemptions",
                "constraints": [
                    CheckConstraint(
                        check="state IN ('REQUESTED', 'CREDITED', 'REFUSED')", name="credit_state_known"
                    ),
                    CheckConstraint(check="lots > 0 AND units > 0", name="credit_units_positive"),
                    CheckConstraint(
                        check="refused_lots >= 0 AND refused_lots < lots", name="credit_refused_within"
                    ),
                ],
                "pk_attr": "redemption_id",
                "table_description": "Brand currency for a membership number (personal data) at the partner.",
            },
        ),
        ops.AddField(
            model_name="Credit",
            name="batch",
            field=fields.ForeignKeyField(
                "redemptions.CreditBatch",
                source_field="batch_id",
                null=True,
                db_index=True,
                db_constraint=True,
                to_field="id",
                related_name=False,
                on_delete=OnDelete.RESTRICT,
            ),
        ),
        AddFilledField(
            model_name="Credit",
            name="refused_lots",
            field=fields.IntField(default=0),
        ),
        ops.AddConstraint(
            model_name="Credit",
            constraint=CheckConstraint(
                check="refused_lots >= 0 AND refused_lots < lots", name="credit_refused_within"
            ),
        ),
        ops.RunSQL(
            [
                "ALTER TABLE \"credit_batch\" ADD CONSTRAINT \"credit_batch_state_known\" CHECK (state IN ('COLLECTED', 'ACKNOWLEDGED', 'ANSWERED'))",
                'ALTER TABLE "credit_batch" ADD CONSTRAINT "credit_batch_not_empty" CHECK (number > 0 AND credits > 0)',
                "ALTER TABLE \"entitlement\" ADD CONSTRAINT \"entitlement_gives_known\" CHECK (gives IN ('SAMPLE', 'UPGRADE', 'MEMBERSHIP', 'FREE_SHIPPING'))",
                "ALTER TABLE \"entitlement\" ADD CONSTRAINT \"entitlement_state_known\" CHECK (state IN ('ACTIVE', 'USED', 'EXPIRED'))",
                'ALTER TABLE "entitlement" ADD CONSTRAINT "entitlement_dates_in_order" CHECK (ends_at > starts_at)',
                'ALTER TABLE "entitlement" ADD CONSTRAINT "entitlement_used_at_some_moment" CHECK (state <> \'USED\' OR used_at IS NOT NULL)',
                'ALTER TABLE "exchange_quote" ADD CONSTRAINT "exchange_quote_lots_positive" CHECK (lots > 0 AND units > 0)',
                'ALTER TABLE "exchange_quote" ADD CONSTRAINT "exchange_quote_used_in_time" CHECK (used_at IS NULL OR used_at <= holds_until)',
            ],
            [
                'ALTER TABLE "exchange_quote" DROP CONSTRAINT "exchange_quote_used_in_time"',
                'ALTER TABLE "exchange_quote" DROP CONSTRAINT "exchange_quote_lots_positive"',
                'ALTER TABLE "entitlement" DROP CONSTRAINT "entitlement_used_at_some_moment"',
                'ALTER TABLE "entitlement" DROP CONSTRAINT "entitlement_dates_in_order"',
                'ALTER TABLE "entitlement" DROP CONSTRAINT "entitlement_state_known"',
                'ALTER TABLE "entitlement" DROP CONSTRAINT "entitlement_gives_known"',
                'ALTER TABLE "credit_batch" DROP CONSTRAINT "credit_batch_not_empty"',
                'ALTER TABLE "credit_batch" DROP CONSTRAINT "credit_batch_state_known"',
            ],
        ),
    ]
