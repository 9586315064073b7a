from tortoise import migrations

from marketplace.kit.moving import HandOver


class Migration(migrations.Migration):
    """Top-ups belong to billing."""

    dependencies = [("billing", "0001_initial"), ("settlement", "0005_statements_take_by_mark")]

    initial = False

    operations = [HandOver(name="TopUp")]
