from tortoise import fields, migrations
from tortoise.fields.base import OnDelete
from tortoise.indexes import Index
from tortoise.migrations import operations as ops
from tortoise.migrations.constraints import CheckConstraint

from marketplace.kit.ids import new_id


class Migration(migrations.Migration):
    dependencies = [("members", "0001_initial")]

    initial = True

    operations = [
        ops.CreateModel(
            name="Award",
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
                ("reference", fields.CharField(max_length=200)),
                ("points", fields.BigIntField()),
                ("reason", fields.CharField(max_length=200)),
                ("effective_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ("expires_at", fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
                ("awarded_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
            ],
            options={
                "table": "award",
                "app": "points",
                "unique_together": (("program_id", "reference"),),
                "constraints": [CheckConstraint(check="points > 0", name="award_points_positive")],
                "pk_attr": "id",
                "table_description": "Points that a program gave, once for each of its references.",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="Hold",
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
                ("points", fields.BigIntField()),
                ("state", fields.CharField(max_length=20)),
                ("reason", fields.CharField(max_length=60)),
                ("ref_type", fields.CharField(max_length=60)),
                ("ref_id", fields.UUIDField()),
                ("held_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ("closed_at", fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
            ],
            options={
                "table": "points_hold",
                "app": "points",
                "unique_together": (("reason", "ref_id"),),
                "constraints": [
                    CheckConstraint(
                        check="state IN ('OPEN', 'POSTED', 'RELEASED')", name="points_hold_state_known"
                    ),
                    CheckConstraint(check="points > 0", name="points_hold_points_positive"),
                ],
                "pk_attr": "id",
                "table_description": "Points set aside for one cause.",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="Lot",
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
                ("origin_type", fields.CharField(max_length=60)),
                ("origin_id", fields.UUIDField()),
                ("points", fields.BigIntField()),
                ("remaining", fields.BigIntField()),
                ("earned_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ("expires_at", fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
            ],
            options={
                "table": "lot",
                "app": "points",
                "constraints": [
                    CheckConstraint(check="remaining >= 0 AND remaining <= points", name="lot_remaining_within"),
                    CheckConstraint(check="points > 0", name="lot_points_positive"),
                ],
                "indexes": [
                    Index(fields=["member_id", "expires_at", "id"], name="lot_spending_order"),
                    Index(fields=["expires_at"], name="lot_by_expiry"),
                    Index(fields=["origin_id"], name="lot_origin"),
                ],
                "pk_attr": "id",
                "table_description": "Points earned together. `remaining` is what is neither spent, held nor expired.",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="Allocation",
            fields=[
                ("id", fields.UUIDField(primary_key=True, default=new_id, unique=True, db_index=True)),
                (
                    "hold",
                    fields.ForeignKeyField(
                        "points.Hold",
                        source_field="hold_id",
                        db_constraint=True,
                        to_field="id",
                        related_name=False,
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                (
                    "lot",
                    fields.ForeignKeyField(
                        "points.Lot",
                        source_field="lot_id",
                        db_index=True,
                        db_constraint=True,
                        to_field="id",
                        related_name=False,
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                ("points", fields.BigIntField()),
                ("returned", fields.BigIntField(default=0)),
            ],
            options={
                "table": "lot_allocation",
                "app": "points",
                "unique_together": (("hold_id", "lot_id"),),
                "constraints": [
                    CheckConstraint(
                        check="returned >= 0 AND returned <= points", name="lot_allocation_returned_within"
                    ),
                    CheckConstraint(check="points > 0", name="lot_allocation_points_positive"),
                ],
                "pk_attr": "id",
                "table_description": "How many points of a hold came from a lot, and how many of them went back to it.",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="LotExpiry",
            fields=[
                ("id", fields.UUIDField(primary_key=True, default=new_id, unique=True, db_index=True)),
                (
                    "lot",
                    fields.ForeignKeyField(
                        "points.Lot",
                        source_field="lot_id",
                        db_index=True,
                        db_constraint=True,
                        to_field="id",
                        related_name=False,
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                ("points", fields.BigIntField()),
                ("expired_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
            ],
            options={
                "table": "lot_expiry",
                "app": "points",
                "constraints": [CheckConstraint(check="points > 0", name="lot_expiry_points_positive")],
                "pk_attr": "id",
                "table_description": "Points of a lot that expired at one run: breakage.",
            },
            bases=["Model"],
        ),
        ops.RunSQL(
            [
                'ALTER TABLE "award" ADD CONSTRAINT "award_points_positive" CHECK (points > 0)',
                "ALTER TABLE \"points_hold\" ADD CONSTRAINT \"points_hold_state_known\" CHECK (state IN ('OPEN', 'POSTED', 'RELEASED'))",
                'ALTER TABLE "points_hold" ADD CONSTRAINT "points_hold_points_positive" CHECK (points > 0)',
                'ALTER TABLE "lot" ADD CONSTRAINT "lot_remaining_within" CHECK (remaining >= 0 AND remaining <= points)',
                'ALTER TABLE "lot" ADD CONSTRAINT "lot_points_positive" CHECK (points > 0)',
                'ALTER TABLE "lot_allocation" ADD CONSTRAINT "lot_allocation_returned_within" CHECK (returned >= 0 AND returned <= points)',
                'ALTER TABLE "lot_allocation" ADD CONSTRAINT "lot_allocation_points_positive" CHECK (points > 0)',
                'ALTER TABLE "lot_expiry" ADD CONSTRAINT "lot_expiry_points_positive" CHECK (points > 0)',
            ],
            [
                'ALTER TABLE "lot_expiry" DROP CONSTRAINT "lot_expiry_points_positive"',
                'ALTER TABLE "lot_allocation" DROP CONSTRAINT "lot_allocation_points_positive"',
                'ALTER TABLE "lot_allocation" DROP CONSTRAINT "lot_allocation_returned_within"',
                'ALTER TABLE "lot" DROP CONSTRAINT "lot_points_positive"',
                'ALTER TABLE "lot" DROP CONSTRAINT "lot_remaining_within"',
                'ALTER TABLE "points_hold" DROP CONSTRAINT "points_hold_points_positive"',
                'ALTER TABLE "points_hold" DROP CONSTRAINT "points_hold_state_known"',
                'ALTER TABLE "award" DROP CONSTRAINT "award_points_positive"',
            ],
        ),
    ]
