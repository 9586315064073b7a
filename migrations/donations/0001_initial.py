from tortoise import fields, migrations
from tortoise.fields.base import OnDelete
from tortoise.indexes import Index
from tortoise.migrations import operations as ops
from tortoise.migrations.constraints import CheckConstraint

from marketplace.kit.ids import new_id


class Migration(migrations.Migration):
    dependencies = [("members", "0001_initial"), ("partners", "0001_initial"), ("points", "0001_initial")]

    initial = True

    operations = [
        ops.CreateModel(
            name="Pledge",
            fields=[
                ("id", fields.UUIDField(primary_key=True, default=new_id, unique=True, db_index=True)),
                ("number", fields.CharField(unique=True, max_length=30)),
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
                    "charity",
                    fields.ForeignKeyField(
                        "partners.Partner",
                        source_field="charity_id",
                        db_index=True,
                        db_constraint=True,
                        to_field="id",
                        related_name=False,
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                ("redemption_id", fields.UUIDField(null=True, unique=True)),
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
                    "accrual",
                    fields.ForeignKeyField(
                        "partners.Accrual",
                        source_field="accrual_id",
                        db_constraint=True,
                        to_field="id",
                        related_name=False,
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                ("points", fields.BigIntField()),
                ("amount_minor", fields.BigIntField()),
                ("currency", fields.CharField(max_length=3)),
                ("message", fields.CharField(default="", max_length=300)),
                ("state", fields.CharField(max_length=20)),
                ("pledged_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ("remitted_at", fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
            ],
            options={
                "table": "pledge",
                "app": "donations",
                "constraints": [
                    CheckConstraint(
                        check="state IN ('PLEDGED', 'REMITTED', 'CANCELLED')", name="pledge_state_known"
                    ),
                    CheckConstraint(check="points > 0 AND amount_minor > 0", name="pledge_amount_positive"),
                ],
                "indexes": [Index(fields=["charity_id", "state"], name="pledge_charity_state")],
                "pk_attr": "id",
                "table_description": "Points that became money for a charity, with a numbered acknowledgement.",
            },
            bases=["Model"],
        ),
        ops.RunSQL(
            [
                "ALTER TABLE \"pledge\" ADD CONSTRAINT \"pledge_state_known\" CHECK (state IN ('PLEDGED', 'REMITTED', 'CANCELLED'))",
                'ALTER TABLE "pledge" ADD CONSTRAINT "pledge_amount_positive" CHECK (points > 0 AND amount_minor > 0)',
            ],
            [
                'ALTER TABLE "pledge" DROP CONSTRAINT "pledge_amount_positive"',
                'ALTER TABLE "pledge" DROP CONSTRAINT "pledge_state_known"',
            ],
        ),
    ]
