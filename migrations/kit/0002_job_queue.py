from procrastinate.schema import SchemaManager
from tortoise import migrations
from tortoise.migrations import operations as ops

DROP = """
DO $$
DECLARE name text;
BEGIN
    FOR name IN SELECT format('%I', tablename) FROM pg_tables
        WHERE schemaname = 'public' AND tablename LIKE 'procrastinate_%'
    LOOP EXECUTE 'DROP TABLE IF EXISTS ' || name || ' CASCADE'; END LOOP;
    FOR name IN SELECT oid::regprocedure::text FROM pg_proc
        WHERE proname LIKE 'procrastinate_%' AND pronamespace = 'public'::regnamespace
    LOOP EXECUTE 'DROP FUNCTION IF EXISTS ' || name || ' CASCADE'; END LOOP;
    FOR name IN SELECT format('%I', typname) FROM pg_type
        WHERE typname LIKE 'procrastinate_%' AND typtype IN ('e', 'c') AND typnamespace = 'public'::regnamespace
    LOOP EXECUTE 'DROP TYPE IF EXISTS ' || name || ' CASCADE'; END LOOP;
END $$"""


class Migration(migrations.Migration):
    """The tables and functions of procrastinate, whose workers run the jobs."""

    dependencies = [("kit", "0001_initial")]

    operations = [ops.RunSQL(SchemaManager.get_schema(), DROP)]
