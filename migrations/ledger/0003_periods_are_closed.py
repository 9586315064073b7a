from tortoise import fields, migrations
from tortoise.migrations import operations as ops
from tortoise.migrations.constraints import CheckConstraint

from marketplace.kit.ids import new_id

# What would count on a closed day counts on the first open one. Closing takes the same lock, so whoever is late sees it.
OPEN_PERIOD = """
CREATE FUNCTION journal_into_open_period() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE closed date;
BEGIN
    PERFORM pg_advisory_xact_lock_shared(hashtextextended('period close', 0));
    SELECT max(until) INTO closed FROM period_close WHERE state <> 'REOPENED';
    IF NEW.effective_on <= closed THEN NEW.effective_on := closed + 1; END IF;
    RETURN NEW;
END $$"""
# The last two days are never closed, so what counts on them is not looked at.
TRIGGER = """
CREATE TRIGGER journal_into_open_period BEFORE INSERT ON journal FOR EACH ROW
WHEN (NEW.effective_on < greatest(current_date, (NEW.booked_at AT TIME ZONE 'UTC')::date) - 1)
EXECUTE FUNCTION journal_into_open_period()"""


class Migration(migrations.Migration):
    dependencies = [("ledger", "0001_initial"), ("ledger", "0002_transfers_keep_to_one_unit")]

    initial = False

    operations = [
        ops.CreateModel(
            name="PeriodClose",
            fields=[
                ("id", fields.UUIDField(primary_key=True, default=new_id, unique=True, db_index=True)),
                ("until", fields.DateField()),
                ("state", fields.CharField(max_length=20)),
                ("note", fields.CharField(default="", max_length=300)),
                ("digest", fields.CharField(max_length=64)),
                ("closed_by", fields.UUIDField()),
                ("closed_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ("reason", fields.CharField(null=True, max_length=300)),
                ("reopening_by", fields.UUIDField(null=True)),
                ("reopening_at", fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
                ("reopened_by", fields.UUIDField(null=True)),
                ("reopened_at", fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
            ],
            options={
                "table": "period_close",
                "app": "ledger",
                "constraints": [
                    CheckConstraint(
                        check="state IN ('CLOSED', 'REOPENING', 'REOPENED')", name="period_close_state_known"
                    ),
                    CheckConstraint(
                        check="reopened_by IS NULL OR reopened_by <> reopening_by", name="period_close_two_people"
                    ),
                    CheckConstraint(
                        check="(state = 'REOPENED') = (reopened_by IS NOT NULL)",
                        name="period_close_reopened_by_somebody",
                    ),
                    CheckConstraint(
                        check="(state = 'CLOSED') = (reopening_by IS NULL)",
                        name="period_close_proposed_by_somebody",
                    ),
                ],
                "pk_attr": "id",
                "table_description": "The books are closed up to and with a day, by one person; to open them again takes two.",
            },
            bases=["Model"],
        ),
        ops.RunSQL(
            [
                "ALTER TABLE \"period_close\" ADD CONSTRAINT \"period_close_state_known\" CHECK (state IN ('CLOSED', 'REOPENING', 'REOPENED'))",
                'ALTER TABLE "period_close" ADD CONSTRAINT "period_close_two_people" CHECK (reopened_by IS NULL OR reopened_by <> reopening_by)',
                'ALTER TABLE "period_close" ADD CONSTRAINT "period_close_reopened_by_somebody" CHECK ((state = \'REOPENED\') = (reopened_by IS NOT NULL))',
                'ALTER TABLE "period_close" ADD CONSTRAINT "period_close_proposed_by_somebody" CHECK ((state = \'CLOSED\') = (reopening_by IS NULL))',
            ],
            [
                'ALTER TABLE "period_close" DROP CONSTRAINT "period_close_proposed_by_somebody"',
                'ALTER TABLE "period_close" DROP CONSTRAINT "period_close_reopened_by_somebody"',
                'ALTER TABLE "period_close" DROP CONSTRAINT "period_close_two_people"',
                'ALTER TABLE "period_close" DROP CONSTRAINT "period_close_state_known"',
            ],
        ),
        ops.RunSQL(
            [OPEN_PERIOD, TRIGGER],
            ["DROP TRIGGER journal_into_open_period ON journal", "DROP FUNCTION journal_into_open_period"],
        ),
    ]
