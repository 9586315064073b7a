from tortoise import fields, migrations
from tortoise.migrations import operations as ops


class Migration(migrations.Migration):
    dependencies = [("kit", "0003_books_are_checked_by_the_clock")]

    initial = False

    operations = [
        ops.AddField(
            model_name="AuditEntry",
            name="person_id",
            field=fields.UUIDField(null=True),
        ),
    ]
