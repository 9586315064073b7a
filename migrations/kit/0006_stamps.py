from tortoise import fields, migrations
from tortoise.indexes import Index
from tortoise.migrations import operations as ops

from marketplace.kit.ids import new_id

# Once for each transaction and kind. Notes of an hour ago go, but never by waiting for somebody who removes them too.
NOTE = """
CREATE FUNCTION note_stamp() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO stamp_note (id, what, xact, at)
    VALUES (gen_random_uuid(), TG_ARGV[0], pg_current_xact_id()::text::bigint, clock_timestamp())
    ON CONFLICT (what, xact) DO NOTHING;
    DELETE FROM stamp_note WHERE id IN (
        SELECT id FROM stamp_note WHERE at < clock_timestamp() - interval '1 hour' LIMIT 100 FOR UPDATE SKIP LOCKED);
    RETURN NULL;
END $$"""


class Migration(migrations.Migration):
    """A transaction that changes what others keep copies of says so, in a row that is seen when it commits."""

    dependencies = [("kit", "0005_changes_are_noted")]

    operations = [
        ops.CreateModel(
            name="StampNote",
            fields=[
                ("id", fields.UUIDField(primary_key=True, default=new_id, unique=True, db_index=True)),
                ("what", fields.CharField(max_length=20)),
                ("xact", fields.BigIntField()),
                ("at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
            ],
            options={
                "table": "stamp_note",
                "app": "kit",
                "unique_together": (("what", "xact"),),
                "indexes": [Index(fields=["at"], name="stamp_note_at")],
                "pk_attr": "id",
                "table_description": "That a transaction changed something others keep copies of; written by triggers, see `kit.stamps`.",
            },
            bases=["Model"],
        ),
        ops.RunSQL(NOTE, "DROP FUNCTION note_stamp()"),
    ]
