from tortoise import fields, migrations
from tortoise.fields.base import OnDelete
from tortoise.indexes import Index
from tortoise.migrations import operations as ops
from tortoise.migrations.constraints import CheckConstraint, UniqueConstraint

from marketplace.kit.ids import new_id


class Migration(migrations.Migration):
    dependencies = [
        ("catalog", "0007_codes_are_withheld"),
        ("members", "0001_initial"),
        ("members", "0002_a_policy_for_every_market"),
        ("partners", "0001_initial"),
        ("partners", "0002_contracts_never_overlap"),
        ("partners", "0003_refunds_in_parts"),
        ("payments", "0001_initial"),
        ("points", "0002_lots_follow_a_policy"),
        ("redemptions", "0006_refunds_in_parts"),
    ]

    initial = False

    operations = [
        ops.CreateModel(
            name="Parcel",
            fields=[
                ("id", fields.UUIDField(primary_key=True, default=new_id, unique=True, db_index=True)),
                (
                    "redemption",
                    fields.ForeignKeyField(
                        "redemptions.Redemption",
                        source_field="redemption_id",
                        db_constraint=True,
                        to_field="id",
                        related_name=False,
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                ("number", fields.IntField()),
                ("units", fields.IntField()),
                ("state", fields.CharField(max_length=20)),
                ("carrier", fields.CharField(null=True, max_length=80)),
                ("tracking", fields.CharField(null=True, max_length=120)),
                ("tracking_url", fields.CharField(null=True, max_length=500)),
                ("packed_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ("shipped_at", fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
                ("ended_at", fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
            ],
            options={
                "table": "parcel",
                "app": "redemptions",
                "unique_together": (("redemption_id", "number"),),
                "constraints": [
                    CheckConstraint(
                        check="state IN ('PACKED', 'SHIPPED', 'DELIVERED', 'LOST', 'RETURNED')",
                        name="parcel_state_known",
                    ),
                    CheckConstraint(check="number > 0 AND units > 0", name="parcel_has_units"),
                    CheckConstraint(
                        check="state = 'PACKED' OR carrier IS NOT NULL", name="parcel_sent_by_somebody"
                    ),
                ],
                "indexes": [Index(fields=["state", "id"], name="parcel_state")],
                "pk_attr": "id",
                "table_description": "Some units of an order in one parcel: the first, second, … `number` of it.",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="ReturnRequest",
            fields=[
                ("id", fields.UUIDField(primary_key=True, default=new_id, unique=True, db_index=True)),
                (
                    "redemption",
                    fields.ForeignKeyField(
                        "redemptions.Redemption",
                        source_field="redemption_id",
                        db_index=True,
                        db_constraint=True,
                        to_field="id",
                        related_name=False,
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                ("quantity", fields.IntField()),
                ("reason", fields.CharField(max_length=300)),
                ("state", fields.CharField(max_length=20)),
                ("requested_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ("answered_at", fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
                ("refused_reason", fields.CharField(null=True, max_length=300)),
            ],
            options={
                "table": "return_request",
                "app": "redemptions",
                "constraints": [
                    CheckConstraint(
                        check="state IN ('REQUESTED', 'RECEIVED', 'REFUSED')", name="return_request_state_known"
                    ),
                    CheckConstraint(check="quantity > 0", name="return_request_has_units"),
                    UniqueConstraint(
                        fields=("redemption_id",), name="return_request_one_open", condition="state = 'REQUESTED'"
                    ),
                ],
                "indexes": [Index(fields=["state", "id"], name="return_request_state")],
                "pk_attr": "id",
                "table_description": "Merchandise that a member wants to send back; one of a redemption is open at a time.",
            },
            bases=["Model"],
        ),
        ops.RemoveConstraint(
            model_name="Shipment",
            name="shipment_state_known",
            fields=None,
        ),
        ops.AlterModelOptions(
            name="Shipment",
            options={
                "table": "shipment",
                "app": "redemptions",
                "constraints": [
                    CheckConstraint(
                        check="state IN ('ORDERED', 'PACKED', 'SHIPPED', 'DELIVERED', 'LOST', 'RETURNED')",
                        name="shipment_state_known",
                    )
                ],
                "pk_attr": "redemption_id",
                "table_description": "An order of merchandise, and where its parcels are together; carrier and tracking are those of the newest.",
            },
        ),
        ops.AddConstraint(
            model_name="Shipment",
            constraint=CheckConstraint(
                check="state IN ('ORDERED', 'PACKED', 'SHIPPED', 'DELIVERED', 'LOST', 'RETURNED')",
                name="shipment_state_known",
            ),
        ),
        ops.RunSQL(
            [
                "ALTER TABLE \"parcel\" ADD CONSTRAINT \"parcel_state_known\" CHECK (state IN ('PACKED', 'SHIPPED', 'DELIVERED', 'LOST', 'RETURNED'))",
                'ALTER TABLE "parcel" ADD CONSTRAINT "parcel_has_units" CHECK (number > 0 AND units > 0)',
                'ALTER TABLE "parcel" ADD CONSTRAINT "parcel_sent_by_somebody" CHECK (state = \'PACKED\' OR carrier IS NOT NULL)',
                "ALTER TABLE \"return_request\" ADD CONSTRAINT \"return_request_state_known\" CHECK (state IN ('REQUESTED', 'RECEIVED', 'REFUSED'))",
                'ALTER TABLE "return_request" ADD CONSTRAINT "return_request_has_units" CHECK (quantity > 0)',
                'CREATE UNIQUE INDEX "return_request_one_open" ON "return_request" ("redemption_id") WHERE state = \'REQUESTED\'',
            ],
            [
                'DROP INDEX "return_request_one_open"',
                'ALTER TABLE "return_request" DROP CONSTRAINT "return_request_has_units"',
                'ALTER TABLE "return_request" DROP CONSTRAINT "return_request_state_known"',
                'ALTER TABLE "parcel" DROP CONSTRAINT "parcel_sent_by_somebody"',
                'ALTER TABLE "parcel" DROP CONSTRAINT "parcel_has_units"',
                'ALTER TABLE "parcel" DROP CONSTRAINT "parcel_state_known"',
            ],
        ),
    ]
