from tortoise import fields, migrations
from tortoise.fields.base import OnDelete
from tortoise.indexes import Index
from tortoise.migrations import operations as ops
from tortoise.migrations.constraints import CheckConstraint

from marketplace.kit.ids import new_id


class Migration(migrations.Migration):
    dependencies = [
        ("members", "0001_initial"),
        ("members", "0002_a_policy_for_every_market"),
        ("members", "0003_levels_are_earned"),
        ("members", "0004_limits_and_early_access"),
        ("members", "0005_members_who_leave_are_noted"),
        ("members", "0006_reviews_and_baskets"),
    ]

    initial = True

    operations = [
        ops.CreateModel(
            name="CountedDay",
            fields=[
                ("id", fields.UUIDField(primary_key=True, default=new_id, unique=True, db_index=True)),
                ("day", fields.DateField()),
                ("counted_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
            ],
            options={
                "table": "counted_day",
                "app": "finance",
                "unique_together": (("day",),),
                "pk_attr": "id",
                "table_description": "A day whose changes are all written. Every day since the first is, up to the last. Append-only.",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="PointsChange",
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
                ("day", fields.DateField()),
                ("earned_on", fields.DateField()),
                ("since_on", fields.DateField()),
                ("expires_on", fields.DateField(null=True)),
                ("is_rolling", fields.BooleanField(default=False)),
                ("at_on", fields.DateField(null=True)),
                ("lots", fields.BigIntField()),
                ("points", fields.BigIntField()),
                ("held", fields.BigIntField()),
                ("used", fields.BigIntField()),
                ("away", fields.BigIntField()),
                ("expired", fields.BigIntField()),
            ],
            options={
                "table": "points_change",
                "app": "finance",
                "constraints": [
                    CheckConstraint(
                        check="NOT is_rolling OR expires_on IS NULL", name="points_change_rolling_has_no_date"
                    )
                ],
                "indexes": [
                    Index(fields=["program_id", "day"], name="points_change_program"),
                    Index(fields=["day"], name="points_change_day"),
                ],
                "pk_attr": "id",
                "table_description": "What one day (UTC) changed in lots that share their dates. Append-only.",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="RollingPoints",
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
                ("earned_on", fields.DateField()),
                ("expires_on", fields.DateField()),
                ("points", fields.BigIntField()),
            ],
            options={
                "table": "rolling_points",
                "app": "finance",
                "unique_together": (("program_id", "earned_on", "expires_on"),),
                "constraints": [CheckConstraint(check="points > 0", name="rolling_points_points_positive")],
                "pk_attr": "id",
                "table_description": "When rolling points of one day of earning expire, by the clocks as they were when days were last counted.",
            },
            bases=["Model"],
        ),
        ops.RunSQL(
            [
                'ALTER TABLE "points_change" ADD CONSTRAINT "points_change_rolling_has_no_date" CHECK (NOT is_rolling OR expires_on IS NULL)',
                'ALTER TABLE "rolling_points" ADD CONSTRAINT "rolling_points_points_positive" CHECK (points > 0)',
            ],
            [
                'ALTER TABLE "rolling_points" DROP CONSTRAINT "rolling_points_points_positive"',
                'ALTER TABLE "points_change" DROP CONSTRAINT "points_change_rolling_has_no_date"',
            ],
        ),
    ]
