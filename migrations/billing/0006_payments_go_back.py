from tortoise import fields, migrations
from tortoise.migrations import operations as ops
from tortoise.migrations.constraints import CheckConstraint

from marketplace.kit.filling import AddFilledField

NOTED = """
CREATE FUNCTION note_invoice() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO change (topic, subject_id, audience, state) VALUES ('invoice', NEW.id, concat_ws(
        ' ', NEW.program_id, coalesce(NEW.partner_id, '00000000-0000-0000-0000-000000000000')), NEW.state);
    RETURN NULL;
END $$;
CREATE TRIGGER noted_reopened AFTER UPDATE OF reopened_at ON invoice FOR EACH ROW
WHEN (OLD.reopened_at IS DISTINCT FROM NEW.reopened_at) EXECUTE FUNCTION note_invoice()"""


class Migration(migrations.Migration):
    dependencies = [
        ("billing", "0005_partners_buy_points"),
        ("ledger", "0001_initial"),
        ("ledger", "0002_transfers_keep_to_one_unit"),
        ("ledger", "0003_periods_are_closed"),
        ("ledger", "0004_points_and_a_card"),
        ("ledger", "0004_the_newest_rate_is_found"),
        ("ledger", "0005_money_at_banks"),
        ("ledger", "0006_funding_on_credit_and_uncovered"),
        ("ledger", "0007_reserves_are_held"),
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
    ]

    initial = False

    operations = [
        AddFilledField(
            model_name="CoalitionOrder",
            name="given_points",
            field=fields.BigIntField(default=0),
        ),
        ops.AddConstraint(
            model_name="CoalitionOrder",
            constraint=CheckConstraint(
                check="given_points BETWEEN 0 AND points AND (given_points = 0 OR state = 'AWAITING')",
                name="coalition_order_given_while_unpaid",
            ),
        ),
        ops.AddField(
            model_name="Invoice",
            name="reopened_at",
            field=fields.DatetimeField(null=True, auto_now=False, auto_now_add=False),
        ),
        ops.AddField(
            model_name="Invoice",
            name="reopened_by",
            field=fields.CharField(null=True, max_length=20),
        ),
        ops.AddField(
            model_name="Invoice",
            name="reopened_code",
            field=fields.CharField(null=True, max_length=35),
        ),
        ops.AddConstraint(
            model_name="Invoice",
            constraint=CheckConstraint(
                check="reopened_by IN ('REFUND', 'DISPUTE', 'BANK_RETURN')", name="invoice_reopened_by_known"
            ),
        ),
        ops.AddConstraint(
            model_name="Invoice",
            constraint=CheckConstraint(
                check="(reopened_at IS NULL) = (reopened_by IS NULL)", name="invoice_reopened_by_something"
            ),
        ),
        ops.RunSQL(NOTED, "DROP TRIGGER noted_reopened ON invoice; DROP FUNCTION note_invoice()"),
    ]
