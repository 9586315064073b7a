from tortoise import fields, migrations
from tortoise.fields.base import OnDelete
from tortoise.indexes import Index
from tortoise.migrations import operations as ops
from tortoise.migrations.constraints import CheckConstraint

from marketplace.kit.ids import new_id


class Migration(migrations.Migration):
    """Drops of offers, and who wants to be told of them."""

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
        ("partners", "0001_initial"),
        ("partners", "0002_contracts_never_overlap"),
        ("partners", "0003_refunds_in_parts"),
    ]

    initial = False

    operations = [
        ops.CreateModel(
            name="Drop",
            fields=[
                ("id", fields.UUIDField(primary_key=True, default=new_id, unique=True, db_index=True)),
                (
                    "offer",
                    fields.ForeignKeyField(
                        "catalog.Offer",
                        source_field="offer_id",
                        db_constraint=True,
                        to_field="id",
                        related_name=False,
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                ("opens_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ("ends_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ("every_days", fields.IntField(null=True)),
                ("reminded_at", fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
            ],
            options={
                "table": "offer_drop",
                "app": "catalog",
                "unique_together": (("offer_id", "opens_at"),),
                "constraints": [
                    CheckConstraint(check="ends_at > opens_at", name="offer_drop_ends_after_it_opens"),
                    CheckConstraint(
                        check="every_days IS NULL OR every_days > 0", name="offer_drop_repeats_after_days"
                    ),
                ],
                "indexes": [Index(fields=["ends_at"], name="offer_drop_ends")],
                "pk_attr": "id",
                "table_description": "Limited stock of an offer that opens at an instant, by the server's clock, and ends at another.",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="DropReminder",
            fields=[
                ("id", fields.UUIDField(primary_key=True, default=new_id, unique=True, db_index=True)),
                (
                    "drop",
                    fields.ForeignKeyField(
                        "catalog.Drop",
                        source_field="drop_id",
                        db_constraint=True,
                        to_field="id",
                        related_name=False,
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
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
                ("asked_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
            ],
            options={
                "table": "drop_reminder",
                "app": "catalog",
                "unique_together": (("drop_id", "member_id"),),
                "pk_attr": "id",
                "table_description": "A member who wants to be told before a drop opens.",
            },
            bases=["Model"],
        ),
        ops.RunSQL(
            [
                'ALTER TABLE "offer_drop" ADD CONSTRAINT "offer_drop_ends_after_it_opens" CHECK (ends_at > opens_at)',
                'ALTER TABLE "offer_drop" ADD CONSTRAINT "offer_drop_repeats_after_days" CHECK (every_days IS NULL OR every_days > 0)',
            ],
            [
                'ALTER TABLE "offer_drop" DROP CONSTRAINT "offer_drop_repeats_after_days"',
                'ALTER TABLE "offer_drop" DROP CONSTRAINT "offer_drop_ends_after_it_opens"',
            ],
        ),
    ]
