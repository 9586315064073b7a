from orjson import loads
from tortoise import fields, migrations
from tortoise.fields.base import OnDelete
from tortoise.fields.data import JSON_DUMPS
from tortoise.indexes import Index
from tortoise.migrations import operations as ops
from tortoise.migrations.constraints import CheckConstraint

from marketplace.kit.ids import new_id


class Migration(migrations.Migration):
    dependencies = [("members", "0001_initial"), ("members", "0002_a_policy_for_every_market")]

    initial = False

    operations = [
        ops.CreateModel(
            name="TierChange",
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
                    "from_tier",
                    fields.ForeignKeyField(
                        "members.TierLevel",
                        source_field="from_tier_id",
                        null=True,
                        db_constraint=True,
                        to_field="id",
                        related_name=False,
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                (
                    "to_tier",
                    fields.ForeignKeyField(
                        "members.TierLevel",
                        source_field="to_tier_id",
                        null=True,
                        db_constraint=True,
                        to_field="id",
                        related_name=False,
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                ("reason", fields.CharField(max_length=20)),
                ("qualified", fields.BigIntField(null=True)),
                ("until", fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
                ("at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
            ],
            options={
                "table": "tier_change",
                "app": "members",
                "constraints": [
                    CheckConstraint(
                        check="reason IN ('EARNED', 'GIVEN', 'GRACE', 'PERIOD_ENDED')",
                        name="tier_change_reason_known",
                    )
                ],
                "pk_attr": "id",
                "table_description": "A member's level changed, or got another date, with the reason. Append-only.",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="TierCredit",
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
                ("ref_type", fields.CharField(max_length=60)),
                ("ref_id", fields.UUIDField()),
                ("points", fields.BigIntField(default=0)),
                ("spend_minor", fields.BigIntField(default=0)),
                ("events", fields.IntField(default=0)),
                ("at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ("recorded_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
            ],
            options={
                "table": "tier_credit",
                "app": "members",
                "unique_together": (("ref_type", "ref_id"),),
                "indexes": [Index(fields=["member_id", "at"], name="tier_credit_window")],
                "pk_attr": "id",
                "table_description": "Something that counts towards levels, once for each cause; what is taken back has negative amounts.",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="TierScheme",
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
                ("valid_from", fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ("basis", fields.CharField(max_length=20)),
                ("span", fields.CharField(max_length=20)),
                ("months", fields.IntField()),
                ("grace_months", fields.IntField(default=0)),
                ("landing", fields.CharField(max_length=20)),
                ("terms", fields.JSONField(default=dict, encoder=JSON_DUMPS, decoder=loads)),
                ("margin_bp", fields.IntField(null=True)),
                ("max_discount_points", fields.BigIntField(null=True)),
                ("stated_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
            ],
            options={
                "table": "tier_scheme",
                "app": "members",
                "unique_together": (("program_id", "valid_from"),),
                "constraints": [
                    CheckConstraint(check="basis IN ('POINTS', 'SPEND', 'COUNT')", name="tier_scheme_basis_known"),
                    CheckConstraint(check="span IN ('CALENDAR', 'ROLLING')", name="tier_scheme_span_known"),
                    CheckConstraint(check="landing IN ('ONE_LEVEL', 'EARNED')", name="tier_scheme_landing_known"),
                    CheckConstraint(check="months > 0 AND grace_months >= 0", name="tier_scheme_months_positive"),
                    CheckConstraint(
                        check="margin_bp >= 0 AND max_discount_points >= 0", name="tier_scheme_margin_not_negative"
                    ),
                ],
                "pk_attr": "id",
                "table_description": "How members of a program earn and lose its levels, from a moment on.",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="TierStanding",
            fields=[
                (
                    "member",
                    fields.OneToOneField(
                        "members.Member",
                        source_field="member_id",
                        primary_key=True,
                        db_index=True,
                        db_constraint=True,
                        to_field="id",
                        related_name=False,
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                ("until", fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
                ("in_grace", fields.BooleanField(default=False)),
            ],
            options={
                "table": "tier_standing",
                "app": "members",
                "indexes": [Index(fields=["until"], name="tier_standing_due")],
                "pk_attr": "member_id",
                "table_description": "Until when a member keeps the level; judged then. Without a row, or without a date, nothing is judged.",
            },
            bases=["Model"],
        ),
        ops.RunSQL(
            [
                "ALTER TABLE \"tier_change\" ADD CONSTRAINT \"tier_change_reason_known\" CHECK (reason IN ('EARNED', 'GIVEN', 'GRACE', 'PERIOD_ENDED'))",
                "ALTER TABLE \"tier_scheme\" ADD CONSTRAINT \"tier_scheme_basis_known\" CHECK (basis IN ('POINTS', 'SPEND', 'COUNT'))",
                "ALTER TABLE \"tier_scheme\" ADD CONSTRAINT \"tier_scheme_span_known\" CHECK (span IN ('CALENDAR', 'ROLLING'))",
                "ALTER TABLE \"tier_scheme\" ADD CONSTRAINT \"tier_scheme_landing_known\" CHECK (landing IN ('ONE_LEVEL', 'EARNED'))",
                'ALTER TABLE "tier_scheme" ADD CONSTRAINT "tier_scheme_months_positive" CHECK (months > 0 AND grace_months >= 0)',
                'ALTER TABLE "tier_scheme" ADD CONSTRAINT "tier_scheme_margin_not_negative" CHECK (margin_bp >= 0 AND max_discount_points >= 0)',
            ],
            [
                'ALTER TABLE "tier_scheme" DROP CONSTRAINT "tier_scheme_margin_not_negative"',
                'ALTER TABLE "tier_scheme" DROP CONSTRAINT "tier_scheme_months_positive"',
                'ALTER TABLE "tier_scheme" DROP CONSTRAINT "tier_scheme_landing_known"',
                'ALTER TABLE "tier_scheme" DROP CONSTRAINT "tier_scheme_span_known"',
                'ALTER TABLE "tier_scheme" DROP CONSTRAINT "tier_scheme_basis_known"',
                'ALTER TABLE "tier_change" DROP CONSTRAINT "tier_change_reason_known"',
            ],
        ),
    ]
