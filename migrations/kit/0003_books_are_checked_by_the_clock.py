from tortoise import fields, migrations
from tortoise.indexes import Index
from tortoise.migrations import operations as ops

from marketplace.kit.ids import new_id


class Migration(migrations.Migration):
    dependencies = [("kit", "0002_job_queue")]

    initial = False

    operations = [
        ops.CreateModel(
            name="BooksCheck",
            fields=[
                ("id", fields.UUIDField(primary_key=True, default=new_id, unique=True, db_index=True)),
                ("name", fields.CharField(max_length=120)),
                ("violations", fields.IntField()),
                ("checked_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
            ],
            options={
                "table": "books_check",
                "app": "kit",
                "indexes": [Index(fields=["checked_at"], name="books_check_at")],
                "pk_attr": "id",
                "table_description": "What one check of the books found at one time. Append-only.",
            },
            bases=["Model"],
        ),
    ]
