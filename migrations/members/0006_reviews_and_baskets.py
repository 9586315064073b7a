from tortoise import fields, migrations

from marketplace.kit.filling import AddFilledField


class Migration(migrations.Migration):
    dependencies = [("members", "0005_members_who_leave_are_noted")]

    initial = False

    operations = [
        AddFilledField(
            model_name="Program",
            name="reviews_rewards",
            field=fields.BooleanField(default=False),
        ),
    ]
