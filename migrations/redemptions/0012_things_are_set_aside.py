from tortoise import fields, migrations
from tortoise.fields.base import OnDelete
from tortoise.indexes import Index
from tortoise.migrations import operations as ops
from tortoise.migrations.constraints import CheckConstraint

from marketplace.kit.ids import new_id


class Migration(migrations.Migration):
    dependencies = [
        ("catalog", "0011_stamps"),
        ("members", "0001_initial"),
        ("members", "0002_a_policy_for_every_market"),
        ("members", "0003_levels_are_earned"),
        ("members", "0004_limits_and_early_access"),
        ("members", "0005_members_who_leave_are_noted"),
        ("members", "0006_reviews_and_baskets"),
        ("partners", "0001_initial"),
        ("partners", "0002_contracts_never_overlap"),
        ("partners", "0003_refunds_in_parts"),
        ("partners", "0004_who_bears_discounts"),
        ("payments", "0001_initial"),
        ("payments", "0002_points_and_a_card"),
        ("payments", "0003_reviews_and_baskets"),
        ("points", "0001_initial"),
        ("points", "0002_lots_follow_a_policy"),
        ("points", "0003_notices_of_expiry"),
        ("points", "0004_wallets_are_noted"),
        ("redemptions", "0011_who_bears_discounts"),
    ]

    initial = False

    operations = [
        ops.CreateModel(
            name="Reservation",
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
                ("quantity", fields.IntField()),
                ("state", fields.CharField(max_length=20)),
                ("reserved_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ("expires_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
            ],
            options={
                "table": "reservation",
                "app": "redemptions",
                "constraints": [
                    CheckConstraint(
                        check="state IN ('OPEN', 'USED', 'RELEASED', 'LAPSED')", name="reservation_state_known"
                    ),
                    CheckConstraint(check="quantity > 0", name="reservation_has_units"),
                ],
                "indexes": [Index(fields=["state", "item_id", "expires_at"], name="reservation_ends")],
                "pk_attr": "id",
                "table_description": "Units of an item that are set aside for a member until a moment; its id is the cause of the first unit.",
            },
            bases=["Model"],
        ),
        ops.RunSQL(
            [
                "ALTER TABLE \"reservation\" ADD CONSTRAINT \"reservation_state_known\" CHECK (state IN ('OPEN', 'USED', 'RELEASED', 'LAPSED'))",
                'ALTER TABLE "reservation" ADD CONSTRAINT "reservation_has_units" CHECK (quantity > 0)',
            ],
            [
                'ALTER TABLE "reservation" DROP CONSTRAINT "reservation_has_units"',
                'ALTER TABLE "reservation" DROP CONSTRAINT "reservation_state_known"',
            ],
        ),
    ]
