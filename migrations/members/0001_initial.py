from orjson import loads
from tortoise import fields, migrations
from tortoise.fields.base import OnDelete
from tortoise.fields.data import JSON_DUMPS
from tortoise.migrations import operations as ops
from tortoise.migrations.constraints import CheckConstraint

from marketplace.kit.ids import new_id


class Migration(migrations.Migration):
    initial = True

    operations = [
        ops.CreateModel(
            name="Program",
            fields=[
                ("id", fields.UUIDField(primary_key=True, default=new_id, unique=True, db_index=True)),
                ("code", fields.CharField(unique=True, max_length=20)),
                ("name", fields.CharField(max_length=120)),
                ("point_name", fields.CharField(max_length=60)),
                ("home_currency", fields.CharField(max_length=3)),
                ("timezone", fields.CharField(max_length=60)),
                ("countries", fields.JSONField(default=list, encoder=JSON_DUMPS, decoder=loads)),
                ("lot_months", fields.IntField(default=24)),
                ("issuer", fields.CharField(unique=True, max_length=300)),
                ("audience", fields.CharField(max_length=120)),
                ("jwks_uri", fields.CharField(null=True, max_length=300)),
                ("enrol_on_sight", fields.BooleanField(default=False)),
                ("cash_rate_bp", fields.IntField(default=0)),
                ("cash_min_points", fields.BigIntField(default=0)),
                ("cash_max_points", fields.BigIntField(default=0)),
                ("cash_countries", fields.JSONField(default=list, encoder=JSON_DUMPS, decoder=loads)),
                ("gift_days", fields.IntField(default=30)),
                ("created_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
            ],
            options={
                "table": "program",
                "app": "members",
                "constraints": [
                    CheckConstraint(check="code ~ '^[A-Z][A-Z0-9]{1,19}$'", name="program_code_is_a_word"),
                    CheckConstraint(check="cash_rate_bp BETWEEN 0 AND 10000", name="program_cash_rate_is_a_share"),
                    CheckConstraint(check="lot_months > 0", name="program_lots_live"),
                ],
                "pk_attr": "id",
                "table_description": "The business whose customers earn points. Its point unit in the books is `PTS-<code>`.",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="PointValue",
            fields=[
                ("id", fields.UUIDField(primary_key=True, default=new_id, unique=True, db_index=True)),
                (
                    "program",
                    fields.ForeignKeyField(
                        "members.Program",
                        source_field="program_id",
                        db_index=True,
                        db_constraint=True,
                        to_field="id",
                        related_name=False,
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                ("valid_from", fields.DateField()),
                ("value", fields.DecimalField(max_digits=28, decimal_places=10)),
            ],
            options={
                "table": "point_value",
                "app": "members",
                "unique_together": (("program_id", "valid_from"),),
                "constraints": [CheckConstraint(check="value > 0", name="point_value_positive")],
                "pk_attr": "id",
                "table_description": "What one point is worth in major units of the program's home currency, from a day on.",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="TierLevel",
            fields=[
                ("id", fields.UUIDField(primary_key=True, default=new_id, unique=True, db_index=True)),
                (
                    "program",
                    fields.ForeignKeyField(
                        "members.Program",
                        source_field="program_id",
                        db_index=True,
                        db_constraint=True,
                        to_field="id",
                        related_name=False,
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                ("code", fields.CharField(max_length=40)),
                ("name", fields.CharField(max_length=60)),
                ("rank", fields.IntField()),
                ("discount_bp", fields.IntField(default=0)),
            ],
            options={
                "table": "tier_level",
                "app": "members",
                "unique_together": (("program_id", "code"), ("program_id", "rank")),
                "constraints": [
                    CheckConstraint(check="discount_bp BETWEEN 0 AND 10000", name="tier_level_discount_is_a_share")
                ],
                "pk_attr": "id",
                "table_description": "A level of a program with the discount its members get on points prices.",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="Member",
            fields=[
                ("id", fields.UUIDField(primary_key=True, default=new_id, unique=True, db_index=True)),
                (
                    "program",
                    fields.ForeignKeyField(
                        "members.Program",
                        source_field="program_id",
                        db_index=True,
                        db_constraint=True,
                        to_field="id",
                        related_name=False,
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                ("reference", fields.CharField(max_length=120)),
                ("subject", fields.CharField(max_length=200)),
                ("country", fields.CharField(max_length=2)),
                ("languages", fields.JSONField(default=list, encoder=JSON_DUMPS, decoder=loads)),
                (
                    "tier",
                    fields.ForeignKeyField(
                        "members.TierLevel",
                        source_field="tier_id",
                        null=True,
                        db_index=True,
                        db_constraint=True,
                        to_field="id",
                        related_name=False,
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                ("segments", fields.JSONField(default=list, encoder=JSON_DUMPS, decoder=loads)),
                ("status", fields.CharField(max_length=20)),
                ("enrolled_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
            ],
            options={
                "table": "member",
                "app": "members",
                "unique_together": (("program_id", "reference"), ("program_id", "subject")),
                "constraints": [
                    CheckConstraint(check="status IN ('ACTIVE', 'ERASED')", name="member_status_known")
                ],
                "pk_attr": "id",
                "table_description": "A person enrolled in a program, known by the program's own reference.",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="PersonalData",
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
                ("name", fields.CharField(default="", max_length=200)),
                ("email", fields.CharField(default="", max_length=320)),
            ],
            options={
                "table": "personal_data",
                "app": "members",
                "pk_attr": "member_id",
                "table_description": "What names a person. Erasing it touches no total.",
            },
            bases=["Model"],
        ),
        ops.RunSQL(
            [
                'ALTER TABLE "program" ADD CONSTRAINT "program_code_is_a_word" CHECK (code ~ \'^[A-Z][A-Z0-9]{1,19}$\')',
                'ALTER TABLE "program" ADD CONSTRAINT "program_cash_rate_is_a_share" CHECK (cash_rate_bp BETWEEN 0 AND 10000)',
                'ALTER TABLE "program" ADD CONSTRAINT "program_lots_live" CHECK (lot_months > 0)',
                'ALTER TABLE "point_value" ADD CONSTRAINT "point_value_positive" CHECK (value > 0)',
                'ALTER TABLE "tier_level" ADD CONSTRAINT "tier_level_discount_is_a_share" CHECK (discount_bp BETWEEN 0 AND 10000)',
                "ALTER TABLE \"member\" ADD CONSTRAINT \"member_status_known\" CHECK (status IN ('ACTIVE', 'ERASED'))",
            ],
            [
                'ALTER TABLE "member" DROP CONSTRAINT "member_status_known"',
                'ALTER TABLE "tier_level" DROP CONSTRAINT "tier_level_discount_is_a_share"',
                'ALTER TABLE "point_value" DROP CONSTRAINT "point_value_positive"',
                'ALTER TABLE "program" DROP CONSTRAINT "program_lots_live"',
                'ALTER TABLE "program" DROP CONSTRAINT "program_cash_rate_is_a_share"',
                'ALTER TABLE "program" DROP CONSTRAINT "program_code_is_a_word"',
            ],
        ),
    ]
