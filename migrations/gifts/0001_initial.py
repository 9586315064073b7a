from tortoise import fields, migrations
from tortoise.fields.base import OnDelete
from tortoise.indexes import Index
from tortoise.migrations import operations as ops
from tortoise.migrations.constraints import CheckConstraint

from marketplace.kit.ids import new_id


class Migration(migrations.Migration):
    dependencies = [("members", "0001_initial"), ("points", "0001_initial")]

    initial = True

    operations = [
        ops.CreateModel(
            name="Gift",
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
                    "sender",
                    fields.ForeignKeyField(
                        "members.Member",
                        source_field="sender_id",
                        db_index=True,
                        db_constraint=True,
                        to_field="id",
                        related_name=False,
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                (
                    "recipient",
                    fields.ForeignKeyField(
                        "members.Member",
                        source_field="recipient_id",
                        null=True,
                        db_index=True,
                        db_constraint=True,
                        to_field="id",
                        related_name=False,
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                ("claim_hash", fields.CharField(null=True, unique=True, max_length=64)),
                ("points", fields.BigIntField()),
                ("message", fields.CharField(default="", max_length=500)),
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
                ("state", fields.CharField(max_length=20)),
                ("offered_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ("expires_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ("closed_at", fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
            ],
            options={
                "table": "gift",
                "app": "gifts",
                "constraints": [
                    CheckConstraint(
                        check="state IN ('OFFERED', 'CLAIMED', 'RECALLED', 'DECLINED', 'EXPIRED')",
                        name="gift_state_known",
                    ),
                    CheckConstraint(check="points > 0", name="gift_points_positive"),
                    CheckConstraint(
                        check="recipient_id IS NULL OR recipient_id <> sender_id", name="gift_not_to_oneself"
                    ),
                ],
                "indexes": [Index(fields=["state", "expires_at"], name="gift_open")],
                "pk_attr": "id",
                "table_description": "Points on their way to somebody: a named member, or whoever holds the claim link.",
            },
            bases=["Model"],
        ),
        ops.RunSQL(
            [
                "ALTER TABLE \"gift\" ADD CONSTRAINT \"gift_state_known\" CHECK (state IN ('OFFERED', 'CLAIMED', 'RECALLED', 'DECLINED', 'EXPIRED'))",
                'ALTER TABLE "gift" ADD CONSTRAINT "gift_points_positive" CHECK (points > 0)',
                'ALTER TABLE "gift" ADD CONSTRAINT "gift_not_to_oneself" CHECK (recipient_id IS NULL OR recipient_id <> sender_id)',
            ],
            [
                'ALTER TABLE "gift" DROP CONSTRAINT "gift_not_to_oneself"',
                'ALTER TABLE "gift" DROP CONSTRAINT "gift_points_positive"',
                'ALTER TABLE "gift" DROP CONSTRAINT "gift_state_known"',
            ],
        ),
    ]
