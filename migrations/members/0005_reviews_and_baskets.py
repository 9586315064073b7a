from tortoise import fields, migrations
from tortoise.migrations import operations as ops


class Migration(migrations.Migration):
    dependencies = [
        ("members", "0001_initial"),
        ("members", "0002_a_policy_for_every_market"),
        ("members", "0003_levels_are_earned"),
        ("members", "0004_limits_and_early_access"),
    ]

    initial = False

    operations = [
        ops.AddField(
            model_name="Program",
            name="reviews_rewards",
            field=fields.BooleanField(default=False),
        ),
    ]
