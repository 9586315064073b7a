from tortoise import fields, migrations
from tortoise.migrations import operations as ops
from tortoise.migrations.constraints import CheckConstraint

from marketplace.kit.filling import AddFilledField


class Migration(migrations.Migration):
    dependencies = [
        ("catalog", "0001_initial"),
        ("catalog", "0002_search_by_trigram"),
        ("catalog", "0003_takes_are_counted_by_member"),
        ("catalog", "0004_words_with_typos_find_offers"),
        ("catalog", "0005_a_typo_is_looked_up_in_known_words"),
        ("catalog", "0006_codes_are_found_by_fingerprint"),
        ("catalog", "0007_codes_are_withheld"),
        ("catalog", "0008_limits_and_early_access"),
        ("catalog", "0009_batches_tickets_and_rights"),
        ("members", "0001_initial"),
        ("members", "0002_a_policy_for_every_market"),
        ("members", "0003_levels_are_earned"),
        ("members", "0004_limits_and_early_access"),
        ("partners", "0004_who_bears_discounts"),
        ("payments", "0001_initial"),
        ("points", "0003_notices_of_expiry"),
        ("redemptions", "0010_reviews_and_baskets"),
    ]

    initial = False

    operations = [
        AddFilledField(
            model_name="ExchangeQuote",
            name="discount_minor",
            field=fields.BigIntField(default=0),
        ),
        AddFilledField(
            model_name="ExchangeQuote",
            name="partner_discount_minor",
            field=fields.BigIntField(default=0),
        ),
        AddFilledField(
            model_name="ExchangeQuote",
            name="partner_share_bp",
            field=fields.IntField(default=0),
        ),
        AddFilledField(
            model_name="Redemption",
            name="discount_minor",
            field=fields.BigIntField(default=0),
        ),
        AddFilledField(
            model_name="Redemption",
            name="partner_discount_minor",
            field=fields.BigIntField(default=0),
        ),
        AddFilledField(
            model_name="Redemption",
            name="partner_share_bp",
            field=fields.IntField(default=0),
        ),
        ops.AddConstraint(
            model_name="Redemption",
            constraint=CheckConstraint(
                check="partner_discount_minor BETWEEN 0 AND discount_minor", name="redemption_partner_bears"
            ),
        ),
        # Until now the program bore every discount whole.
        ops.RunSQL(
            """
            UPDATE redemption SET discount_minor =
                round((home_minor / quantity)::numeric * (list_points - points) / list_points) * quantity
            WHERE list_points > points""",
            "SELECT 1",
        ),
    ]
