from tortoise import fields, migrations
from tortoise.migrations import operations as ops


class Migration(migrations.Migration):
    dependencies = [("members", "0005_members_who_leave_are_noted")]

    initial = False

    operations = [
        ops.AddField(
            model_name="Program",
            name="reviews_rewards",
            field=fields.BooleanField(default=False),
        ),
    ]
