from tortoise import migrations

from marketplace.kit.moving import HandOver


class Migration(migrations.Migration):
    """Top-ups belong to billing."""

    dependencies = [("billing", "0001_initial"), ("settlement", "0004_statements_and_payouts_are_noted")]

    initial = False

    operations = [HandOver(name="TopUp")]
