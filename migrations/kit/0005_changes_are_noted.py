from tortoise import fields, migrations
from tortoise.migrations import operations as ops

# Its arguments: the topic, the column with the subject's id, and the columns with the ids of those it concerns.
NOTE = """
CREATE FUNCTION note_change() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    changed jsonb := to_jsonb(NEW);
    concerned text := '';
BEGIN
    FOR place IN 2 .. TG_NARGS - 1 LOOP
        concerned := concat_ws(' ', nullif(concerned, ''), changed ->> TG_ARGV[place]);
    END LOOP;
    INSERT INTO change (topic, subject_id, audience, state)
    VALUES (TG_ARGV[0], (changed ->> TG_ARGV[1])::uuid, concerned, changed ->> 'state');
    RETURN NULL;
END $$"""


class Migration(migrations.Migration):
    """The table of what changed, and the function that triggers of any table note their changes with."""

    dependencies = [("kit", "0004_audit_names_the_person")]

    initial = False

    operations = [
        ops.CreateModel(
            name="Change",
            fields=[
                ("id", fields.BigIntField(generated=True, primary_key=True, unique=True, db_index=True)),
                ("topic", fields.CharField(max_length=40)),
                ("subject_id", fields.UUIDField()),
                ("audience", fields.CharField(default="", max_length=255)),
                ("state", fields.CharField(null=True, max_length=40)),
            ],
            options={
                "table": "change",
                "app": "kit",
                "pk_attr": "id",
                "table_description": "Something that changed, noted by a trigger in the transaction that changed it, until the relay has told it.",
            },
            bases=["Model"],
        ),
        ops.RunSQL([NOTE], ["DROP FUNCTION note_change()"]),
    ]
