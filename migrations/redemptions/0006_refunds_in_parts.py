from tortoise import fields, migrations
from tortoise.fields.base import OnDelete
from tortoise.indexes import Index
from tortoise.migrations import operations as ops
from tortoise.migrations.constraints import CheckConstraint, UniqueConstraint

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
        ("partners", "0003_refunds_in_parts"),
        ("payments", "0001_initial"),
        ("points", "0001_initial"),
        ("redemptions", "0005_a_policy_for_every_market"),
    ]

    initial = False

    operations = [
        ops.CreateModel(
            name="Refund",
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
                ("price_minor", fields.BigIntField()),
                ("quantity", fields.IntField()),
                ("points", fields.BigIntField()),
                ("discount_points", fields.BigIntField()),
                ("home_minor", fields.BigIntField()),
                ("reason", fields.CharField(max_length=300)),
                ("refunded_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
            ],
            options={
                "table": "refund",
                "app": "redemptions",
                "unique_together": (("redemption_id", "number"),),
                "constraints": [
                    CheckConstraint(
                        check="number > 0 AND price_minor >= 0 AND quantity >= 0 AND points >= 0 AND discount_points >= 0 AND home_minor >= 0",
                        name="refund_nothing_negative",
                    )
                ],
                "pk_attr": "id",
                "table_description": "What of a fulfilled redemption was given back at once, and why: the first, second, … `number` of it.",
            },
            bases=["Model"],
        ),
        ops.AlterModelOptions(
            name="Redemption",
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
                    CheckConstraint(check="quantity > 0", name="redemption_quantity_positive"),
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
                "table_description": "One reward taken by a member, with everything its price was made of on that day, for all `quantity` units.",
            },
        ),
        AddFilledField(
            model_name="Redemption",
            name="quantity",
            field=fields.IntField(default=1),
        ),
        ops.AddConstraint(
            model_name="Redemption",
            constraint=CheckConstraint(check="quantity > 0", name="redemption_quantity_positive"),
        ),
        ops.RunSQL(
            [
                'ALTER TABLE "refund" ADD CONSTRAINT "refund_nothing_negative" CHECK (number > 0 AND price_minor >= 0 AND quantity >= 0 AND points >= 0 AND discount_points >= 0 AND home_minor >= 0)'
            ],
            ['ALTER TABLE "refund" DROP CONSTRAINT "refund_nothing_negative"'],
        ),
        ops.RunSQL(
            "UPDATE redemption SET quantity = credit.lots FROM credit WHERE credit.redemption_id = redemption.id",
            "SELECT 1",
        ),
        # What was refunded so far was refunded whole, and its id was the cause in the books.
        ops.RunSQL(
            """
            INSERT INTO refund (id, redemption_id, number, price_minor, quantity, points, discount_points, home_minor,
                reason, refunded_at)
            SELECT id, id, 1, price_minor, quantity, points, list_points - points, home_minor, closed_reason, closed_at
            FROM redemption WHERE fulfilled_at IS NOT NULL AND closed_at IS NOT NULL""",
            "SELECT 1",
        ),
    ]
