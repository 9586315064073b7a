from orjson import loads
from tortoise import fields, migrations
from tortoise.fields.base import OnDelete
from tortoise.fields.data import JSON_DUMPS
from tortoise.migrations import operations as ops
from tortoise.migrations.constraints import CheckConstraint

from marketplace.kit.ids import new_id


class Migration(migrations.Migration):
    dependencies = [
        ("catalog", "0001_initial"),
        ("catalog", "0002_search_by_trigram"),
        ("catalog", "0003_takes_are_counted_by_member"),
        ("catalog", "0004_words_with_typos_find_offers"),
        ("catalog", "0005_a_typo_is_looked_up_in_known_words"),
        ("catalog", "0006_codes_are_found_by_fingerprint"),
        ("catalog", "0007_codes_are_withheld"),
        ("members", "0004_limits_and_early_access"),
        ("partners", "0001_initial"),
        ("partners", "0002_contracts_never_overlap"),
        ("partners", "0003_refunds_in_parts"),
    ]

    initial = False

    operations = [
        ops.CreateModel(
            name="OfferTake",
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
                ("period", fields.CharField(max_length=20)),
                ("starts_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ("resets_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ("units", fields.IntField()),
            ],
            options={
                "table": "offer_take",
                "app": "catalog",
                "unique_together": (("offer_id", "member_id", "period"),),
                "constraints": [
                    CheckConstraint(
                        check="period IN ('DAY', 'WEEK', 'MONTH', 'LIFETIME')", name="offer_take_period_known"
                    ),
                    CheckConstraint(check="units >= 0 AND resets_at > starts_at", name="offer_take_not_negative"),
                ],
                "pk_attr": "id",
                "table_description": "How many units of an offer one member took in the current period of each kind.",
            },
            bases=["Model"],
        ),
        ops.AddField(
            model_name="Offer",
            name="early_access",
            field=fields.JSONField(null=True, encoder=JSON_DUMPS, decoder=loads),
        ),
        ops.AddField(
            model_name="Offer",
            name="limits",
            field=fields.JSONField(null=True, encoder=JSON_DUMPS, decoder=loads),
        ),
        ops.RunSQL(
            [
                "ALTER TABLE \"offer_take\" ADD CONSTRAINT \"offer_take_period_known\" CHECK (period IN ('DAY', 'WEEK', 'MONTH', 'LIFETIME'))",
                'ALTER TABLE "offer_take" ADD CONSTRAINT "offer_take_not_negative" CHECK (units >= 0 AND resets_at > starts_at)',
            ],
            [
                'ALTER TABLE "offer_take" DROP CONSTRAINT "offer_take_not_negative"',
                'ALTER TABLE "offer_take" DROP CONSTRAINT "offer_take_period_known"',
            ],
        ),
    ]
