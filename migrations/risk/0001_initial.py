from orjson import loads
from tortoise import fields, migrations
from tortoise.fields.base import OnDelete
from tortoise.fields.data import JSON_DUMPS
from tortoise.indexes import Index
from tortoise.migrations import operations as ops
from tortoise.migrations.constraints import CheckConstraint

from marketplace.kit.ids import new_id


class Migration(migrations.Migration):
    dependencies = [("members", "0006_reviews_and_baskets")]

    initial = True

    operations = [
        ops.CreateModel(
            name="RiskReview",
            fields=[
                ("id", fields.UUIDField(primary_key=True, default=new_id, unique=True, db_index=True)),
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
                ("leaving", fields.CharField(max_length=10)),
                ("ref_id", fields.UUIDField(unique=True)),
                ("points", fields.BigIntField()),
                ("reasons", fields.JSONField(default=dict, encoder=JSON_DUMPS, decoder=loads)),
                ("state", fields.CharField(max_length=20)),
                ("opened_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ("decided_at", fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
                ("decided_by", fields.UUIDField(null=True)),
                ("note", fields.CharField(default="", max_length=300)),
            ],
            options={
                "table": "risk_review",
                "app": "risk",
                "constraints": [
                    CheckConstraint(
                        check="state IN ('OPEN', 'RELEASED', 'REFUSED', 'WITHDRAWN')",
                        name="risk_review_state_known",
                    ),
                    CheckConstraint(check="leaving IN ('CASH', 'REWARD')", name="risk_review_leaving_known"),
                    CheckConstraint(
                        check="state NOT IN ('RELEASED', 'REFUSED') OR (decided_by IS NOT NULL AND note <> '')",
                        name="risk_review_decided_by_somebody",
                    ),
                ],
                "indexes": [Index(fields=["state", "id"], name="risk_review_queue")],
                "pk_attr": "id",
                "table_description": "One redemption that is held until a person decides. `reasons` are for that person, not for the member.",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="RiskRule",
            fields=[
                ("id", fields.UUIDField(primary_key=True, default=new_id, unique=True, db_index=True)),
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
                ("leaving", fields.CharField(max_length=10)),
                ("kind", fields.CharField(max_length=30)),
                ("threshold", fields.BigIntField(null=True)),
                ("hours", fields.IntField(default=24)),
                ("valid_from", fields.DatetimeField(auto_now=False, auto_now_add=False)),
            ],
            options={
                "table": "risk_rule",
                "app": "risk",
                "unique_together": (("program_id", "leaving", "kind", "valid_from"),),
                "constraints": [
                    CheckConstraint(
                        check="kind IN ('AMOUNT_OVER', 'TOO_MANY', 'NEW_ACCOUNT', 'GIFTS_THEN_OUT', 'SHARED_BANK_ACCOUNT', 'SHARED_DEVICE', 'SHARED_ADDRESS')",
                        name="risk_rule_kind_known",
                    ),
                    CheckConstraint(check="leaving IN ('CASH', 'REWARD')", name="risk_rule_leaving_known"),
                    CheckConstraint(check="threshold >= 0 AND hours > 0", name="risk_rule_threshold_not_negative"),
                ],
                "pk_attr": "id",
                "table_description": "From a moment on, for one way out: beyond `threshold` within `hours` is odd; no threshold: no rule.",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="RiskSighting",
            fields=[
                ("id", fields.UUIDField(primary_key=True, default=new_id, unique=True, db_index=True)),
                (
                    "member",
                    fields.ForeignKeyField(
                        "members.Member",
                        source_field="member_id",
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
                ("leaving", fields.CharField(max_length=10)),
                ("points", fields.BigIntField()),
                ("device", fields.CharField(null=True, max_length=64)),
                ("address", fields.CharField(null=True, max_length=64)),
                ("seen_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
            ],
            options={
                "table": "risk_sighting",
                "app": "risk",
                "constraints": [
                    CheckConstraint(check="leaving IN ('CASH', 'REWARD')", name="risk_sighting_leaving_known")
                ],
                "indexes": [
                    Index(fields=["member_id", "seen_at"], name="risk_sighting_member"),
                    Index(fields=["device", "seen_at"], name="risk_sighting_device"),
                    Index(fields=["address", "seen_at"], name="risk_sighting_address"),
                ],
                "pk_attr": "id",
                "table_description": "Points that left, or were about to: when, how many, with prints of device and address. Append-only.",
            },
            bases=["Model"],
        ),
        ops.RunSQL(
            [
                "ALTER TABLE \"risk_review\" ADD CONSTRAINT \"risk_review_state_known\" CHECK (state IN ('OPEN', 'RELEASED', 'REFUSED', 'WITHDRAWN'))",
                "ALTER TABLE \"risk_review\" ADD CONSTRAINT \"risk_review_leaving_known\" CHECK (leaving IN ('CASH', 'REWARD'))",
                "ALTER TABLE \"risk_review\" ADD CONSTRAINT \"risk_review_decided_by_somebody\" CHECK (state NOT IN ('RELEASED', 'REFUSED') OR (decided_by IS NOT NULL AND note <> ''))",
                "ALTER TABLE \"risk_rule\" ADD CONSTRAINT \"risk_rule_kind_known\" CHECK (kind IN ('AMOUNT_OVER', 'TOO_MANY', 'NEW_ACCOUNT', 'GIFTS_THEN_OUT', 'SHARED_BANK_ACCOUNT', 'SHARED_DEVICE', 'SHARED_ADDRESS'))",
                "ALTER TABLE \"risk_rule\" ADD CONSTRAINT \"risk_rule_leaving_known\" CHECK (leaving IN ('CASH', 'REWARD'))",
                'ALTER TABLE "risk_rule" ADD CONSTRAINT "risk_rule_threshold_not_negative" CHECK (threshold >= 0 AND hours > 0)',
                "ALTER TABLE \"risk_sighting\" ADD CONSTRAINT \"risk_sighting_leaving_known\" CHECK (leaving IN ('CASH', 'REWARD'))",
            ],
            [
                'ALTER TABLE "risk_sighting" DROP CONSTRAINT "risk_sighting_leaving_known"',
                'ALTER TABLE "risk_rule" DROP CONSTRAINT "risk_rule_threshold_not_negative"',
                'ALTER TABLE "risk_rule" DROP CONSTRAINT "risk_rule_leaving_known"',
                'ALTER TABLE "risk_rule" DROP CONSTRAINT "risk_rule_kind_known"',
                'ALTER TABLE "risk_review" DROP CONSTRAINT "risk_review_decided_by_somebody"',
                'ALTER TABLE "risk_review" DROP CONSTRAINT "risk_review_leaving_known"',
                'ALTER TABLE "risk_review" DROP CONSTRAINT "risk_review_state_known"',
            ],
        ),
    ]
