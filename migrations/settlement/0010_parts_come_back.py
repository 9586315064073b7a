from tortoise import migrations
from tortoise.migrations import operations as ops
from tortoise.migrations.constraints import CheckConstraint

NOTED = """
CREATE FUNCTION note_part_returned() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO change (topic, subject_id, audience, state)
    SELECT 'payout', NEW.id, concat_ws(' ', partner_id, id), NEW.reason FROM statement WHERE id = NEW.statement_id;
    RETURN NULL;
END $$;
CREATE TRIGGER noted_part_returned AFTER UPDATE OF detail ON payout FOR EACH ROW
WHEN (NEW.reason = 'PARTLY_RETURNED' AND OLD.detail IS DISTINCT FROM NEW.detail)
EXECUTE FUNCTION note_part_returned()"""


class Migration(migrations.Migration):
    dependencies = [
        ("banking", "0004_parts_come_back"),
        ("partners", "0001_initial"),
        ("partners", "0002_contracts_never_overlap"),
        ("partners", "0003_refunds_in_parts"),
        ("partners", "0004_who_bears_discounts"),
        ("partners", "0005_accruals_have_their_place"),
        ("partners", "0006_rates_fees_and_reserves"),
        ("payments", "0004_disputes"),
        ("settlement", "0009_money_leaves_through_banks"),
    ]

    initial = False

    operations = [
        ops.RemoveConstraint(
            model_name="Payout",
            name="payout_reason_known",
            fields=None,
        ),
        ops.AddConstraint(
            model_name="Payout",
            constraint=CheckConstraint(
                check="reason IN ('NOTHING_DUE', 'NEGATIVE_BALANCE', 'PARTNER_SUSPENDED', 'BELOW_MINIMUM', 'NO_PAYOUT_ACCOUNT', 'ACCOUNT_NOT_READY', 'WAITING_FOR_FUNDS', 'TRANSFER_REFUSED', 'TRANSFER_REVERSED', 'BANK_RETURNED', 'PARTLY_RETURNED', 'AWAITS_BATCH', 'AWAITS_HAND', 'WITH_BANK', 'NO_BANK_DETAILS', 'BANK_DETAILS_CHANGING', 'RAIL_CANNOT_REACH', 'BANK_REJECTED', 'STOPPED')",
                name="payout_reason_known",
            ),
        ),
        ops.RunSQL(NOTED, "DROP TRIGGER noted_part_returned ON payout; DROP FUNCTION note_part_returned()"),
    ]
