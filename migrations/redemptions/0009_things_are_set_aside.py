from tortoise import migrations
from tortoise.migrations import operations as ops
from marketplace.kit.ids import new_id
from tortoise.fields.base import OnDelete
from tortoise import fields
from tortoise.indexes import Index
from tortoise.migrations.constraints import CheckConstraint


class Migration(migrations.Migration):
    dependencies = [
        ("catalog", "0001_initial"),
        ("catalog", "0002_search_by_trigram"),
        ("catalog", "0003_takes_are_counted_by_member"),
        ("catalog", "0004_words_with_typos_find_offers"),
        ("catalog", "0005_a_typo_is_looked_up_in_known_words"),
        ("catalog", "0006_codes_are_found_by_fingerprint"),
        ("catalog", "0007_codes_are_withheld"),
        ("catalog", "0008_limits_and_early_access"),
        ("catalog", "0009_batches_tickets_and_rights"),
        ("members", "0001_initial"),
        ("members", "0002_a_policy_for_every_market"),
        ("members", "0003_levels_are_earned"),
        ("members", "0004_limits_and_early_access"),
        ("partners", "0001_initial"),
        ("partners", "0002_contracts_never_overlap"),
        ("partners", "0003_refunds_in_parts"),
        ("payments", "0001_initial"),
        ("points", "0003_notices_of_expiry"),
        ("redemptions", "0008_batches_tickets_and_rights"),
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
