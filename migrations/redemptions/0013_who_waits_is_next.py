from tortoise import fields, migrations
from tortoise.fields.base import OnDelete
from tortoise.indexes import Index
from tortoise.migrations import operations as ops
from tortoise.migrations.constraints import CheckConstraint, UniqueConstraint

from marketplace.kit.ids import new_id

NOTE = """
CREATE FUNCTION note_waiting_place() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO change (topic, subject_id, audience, state)
    SELECT 'waitingPlace', NEW.id, concat_ws(' ', program_id, id), NEW.state FROM member
    WHERE id = NEW.member_id;
    RETURN NULL;
END $$"""


class Migration(migrations.Migration):
    """Members wait in a line for what is sold out; each step of it is noted for them and their program."""

    dependencies = [
        ("kit", "0005_changes_are_noted"),
        ("catalog", "0012_who_waits_is_next"),
        ("members", "0001_initial"),
        ("members", "0002_a_policy_for_every_market"),
        ("members", "0003_levels_are_earned"),
        ("members", "0004_limits_and_early_access"),
        ("members", "0005_members_who_leave_are_noted"),
        ("members", "0006_reviews_and_baskets"),
        ("partners", "0001_initial"),
        ("partners", "0002_contracts_never_overlap"),
        ("partners", "0003_refunds_in_parts"),
        ("partners", "0004_who_bears_discounts"),
        ("partners", "0005_accruals_have_their_place"),
        ("partners", "0006_rates_fees_and_reserves"),
        ("payments", "0004_disputes"),
        ("points", "0005_notices_are_noted"),
        ("redemptions", "0012_things_are_set_aside"),
    ]

    initial = False

    operations = [
        ops.CreateModel(
            name="WaitingPlace",
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
                    "item",
                    fields.ForeignKeyField(
                        "catalog.Item",
                        source_field="item_id",
                        db_constraint=True,
                        to_field="id",
                        related_name=False,
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                ("state", fields.CharField(max_length=20)),
                ("asked_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ("offered_at", fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
                ("ended_at", fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
            ],
            options={
                "table": "waiting_place",
                "app": "redemptions",
                "constraints": [
                    CheckConstraint(
                        check="state IN ('WAITING', 'OFFERED', 'TAKEN', 'PASSED', 'LEFT', 'CLOSED')",
                        name="waiting_place_state_known",
                    ),
                    CheckConstraint(
                        check="state <> 'OFFERED' OR offered_at IS NOT NULL", name="waiting_place_offered_when"
                    ),
                    CheckConstraint(
                        check="(state IN ('WAITING', 'OFFERED')) = (ended_at IS NULL)",
                        name="waiting_place_ends_once",
                    ),
                    UniqueConstraint(
                        fields=("item_id", "member_id"),
                        name="waiting_place_one_open",
                        condition="state IN ('WAITING', 'OFFERED')",
                    ),
                ],
                "indexes": [Index(fields=["state", "item_id", "asked_at", "id"], name="waiting_place_line")],
                "pk_attr": "id",
                "table_description": "A member's place in the line for an item that was sold out; OFFERED has a reservation of one unit.",
            },
            bases=["Model"],
        ),
        ops.AddField(
            model_name="Reservation",
            name="code_position",
            field=fields.BigIntField(null=True),
        ),
        ops.AddField(
            model_name="Reservation",
            name="place",
            field=fields.OneToOneField(
                "redemptions.WaitingPlace",
                source_field="place_id",
                null=True,
                db_constraint=True,
                to_field="id",
                related_name=False,
                on_delete=OnDelete.RESTRICT,
            ),
        ),
        ops.AddConstraint(
            model_name="Reservation",
            constraint=CheckConstraint(
                check="code_position IS NULL OR state = 'OPEN'", name="reservation_code_while_open"
            ),
        ),
        ops.RunSQL(
            [
                "ALTER TABLE \"waiting_place\" ADD CONSTRAINT \"waiting_place_state_known\" CHECK (state IN ('WAITING', 'OFFERED', 'TAKEN', 'PASSED', 'LEFT', 'CLOSED'))",
                'ALTER TABLE "waiting_place" ADD CONSTRAINT "waiting_place_offered_when" CHECK (state <> \'OFFERED\' OR offered_at IS NOT NULL)',
                "ALTER TABLE \"waiting_place\" ADD CONSTRAINT \"waiting_place_ends_once\" CHECK ((state IN ('WAITING', 'OFFERED')) = (ended_at IS NULL))",
                'CREATE UNIQUE INDEX "waiting_place_one_open" ON "waiting_place" ("item_id", "member_id") WHERE state IN (\'WAITING\', \'OFFERED\')',
            ],
            [
                'DROP INDEX "waiting_place_one_open"',
                'ALTER TABLE "waiting_place" DROP CONSTRAINT "waiting_place_ends_once"',
                'ALTER TABLE "waiting_place" DROP CONSTRAINT "waiting_place_offered_when"',
                'ALTER TABLE "waiting_place" DROP CONSTRAINT "waiting_place_state_known"',
            ],
        ),
        ops.RunSQL(
            [
                NOTE,
                "CREATE TRIGGER noted_new AFTER INSERT ON waiting_place FOR EACH ROW "
                "EXECUTE FUNCTION note_waiting_place()",
                "CREATE TRIGGER noted_moved AFTER UPDATE OF state ON waiting_place FOR EACH ROW "
                "WHEN (OLD.state IS DISTINCT FROM NEW.state) EXECUTE FUNCTION note_waiting_place()",
            ],
            [
                "DROP TRIGGER noted_moved ON waiting_place",
                "DROP TRIGGER noted_new ON waiting_place",
                "DROP FUNCTION note_waiting_place()",
            ],
        ),
    ]
