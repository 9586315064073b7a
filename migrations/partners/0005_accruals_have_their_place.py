from tortoise import fields, migrations
from tortoise.indexes import Index
from tortoise.migrations import operations as ops
from tortoise.migrations.constraints import CheckConstraint

# Whoever books an accrual holds the lock, shared, until it commits. Drawing a mark takes it alone for a moment, so it
# waits for those who are booking, and those who begin to book wait for it.
PLACE = """
CREATE FUNCTION accrual_takes_its_place() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.ordinal IS NULL THEN
        PERFORM pg_advisory_xact_lock_shared(7274696261);
        NEW.ordinal := nextval('accrual_ordinal');
    END IF;
    RETURN NEW;
END $$"""
MARK = """
CREATE FUNCTION draw_mark() RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE mark bigint;
BEGIN
    PERFORM pg_advisory_lock(7274696261);
    mark := nextval('accrual_ordinal');
    PERFORM pg_advisory_unlock(7274696261);
    RETURN mark;
END $$"""
FILL = """
UPDATE accrual a SET ordinal = o.n FROM (SELECT id, nextval('accrual_ordinal') AS n FROM (
    SELECT id FROM accrual ORDER BY id) AS sorted) AS o WHERE o.id = a.id"""


class Migration(migrations.Migration):
    """Every accrual has its place in the order of booking, and a mark can be drawn between two of them."""

    dependencies = [("partners", "0004_who_bears_discounts")]

    initial = False

    operations = [
        ops.AddField(model_name="Accrual", name="ordinal", field=fields.BigIntField(null=True)),
        ops.RunSQL(
            ["CREATE SEQUENCE accrual_ordinal", FILL, PLACE, MARK],
            [
                "DROP FUNCTION draw_mark()",
                "DROP FUNCTION accrual_takes_its_place()",
                "DROP SEQUENCE accrual_ordinal",
            ],
        ),
        ops.RunSQL(
            "CREATE TRIGGER takes_its_place BEFORE INSERT ON accrual "
            "FOR EACH ROW EXECUTE FUNCTION accrual_takes_its_place()",
            "DROP TRIGGER takes_its_place ON accrual",
        ),
        ops.AddIndex(
            model_name="Accrual",
            index=Index(fields=["partner_id", "ordinal"], name="accrual_partner_ordinal"),
        ),
        ops.AddConstraint(
            model_name="Accrual",
            constraint=CheckConstraint(check="ordinal IS NOT NULL", name="accrual_has_its_place"),
        ),
    ]
