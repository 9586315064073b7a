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
        ("members", "0001_initial"),
        ("members", "0002_a_policy_for_every_market"),
        ("partners", "0001_initial"),
        ("partners", "0002_contracts_never_overlap"),
        ("partners", "0003_refunds_in_parts"),
        ("payments", "0002_points_and_a_card"),
        ("points", "0002_lots_follow_a_policy"),
        ("redemptions", "0008_batches_tickets_and_rights"),
    ]

    initial = False

    operations = [
        AddFilledField(
            model_name="Redemption",
            name="card_minor",
            field=fields.BigIntField(default=0),
        ),
        ops.AddField(
            model_name="Redemption",
            name="waits_for",
            field=fields.CharField(null=True, max_length=20),
        ),
        ops.AddConstraint(
            model_name="Redemption",
            constraint=CheckConstraint(
                check="card_minor BETWEEN 0 AND home_minor", name="redemption_card_pays_a_part"
            ),
        ),
        ops.AddConstraint(
            model_name="Redemption",
            constraint=CheckConstraint(
                check="waits_for IS NULL OR state = 'PENDING'", name="redemption_waits_while_pending"
            ),
        ),
        AddFilledField(
            model_name="Refund",
            name="card_minor",
            field=fields.BigIntField(default=0),
        ),
    ]
