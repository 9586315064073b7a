from tortoise import migrations
from tortoise.migrations import operations as ops
from tortoise.migrations.constraints import CheckConstraint


class Migration(migrations.Migration):
    dependencies = [
        ("catalog", "0001_initial"),
        ("catalog", "0002_search_by_trigram"),
        ("catalog", "0003_takes_are_counted_by_member"),
        ("catalog", "0004_words_with_typos_find_offers"),
        ("catalog", "0005_a_typo_is_looked_up_in_known_words"),
        ("catalog", "0006_codes_are_found_by_fingerprint"),
        ("catalog", "0008_limits_and_early_access"),
        ("members", "0001_initial"),
        ("members", "0002_a_policy_for_every_market"),
        ("partners", "0001_initial"),
        ("partners", "0002_contracts_never_overlap"),
        ("partners", "0003_refunds_in_parts"),
    ]

    initial = False

    operations = [
        ops.RemoveConstraint(
            model_name="Offer",
            name="offer_delivery_known",
            fields=None,
        ),
        ops.AddConstraint(
            model_name="Offer",
            constraint=CheckConstraint(
                check="delivery IN ('CODE', 'LINK', 'ENTITLEMENT', 'GENERIC_CODE')", name="offer_delivery_known"
            ),
        ),
    ]
