from tortoise import fields, migrations
from tortoise.indexes import Index
from tortoise.migrations import operations as ops
from tortoise.migrations.constraints import CheckConstraint

from marketplace.kit.ids import new_id


class Migration(migrations.Migration):
    dependencies = [("access", "0001_initial")]

    initial = False

    operations = [
        ops.CreateModel(
            name="RegisteredOperation",
            fields=[
                ("id", fields.UUIDField(primary_key=True, default=new_id, unique=True, db_index=True)),
                ("operation_id", fields.CharField(unique=True, max_length=128)),
                ("name", fields.CharField(max_length=200)),
                ("sha256", fields.CharField(max_length=64)),
                ("body", fields.TextField(default="", unique=False)),
                ("registered_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
            ],
            options={
                "table": "registered_operation",
                "app": "access",
                "constraints": [
                    CheckConstraint(check="length(body) <= 100000", name="registered_operation_body_is_bounded")
                ],
                "indexes": [Index(fields=["sha256"], name="registered_operation_sha256")],
                "pk_attr": "id",
                "table_description": "A GraphQL document that an application was built with, found by the id its manifest gives it.",
            },
            bases=["Model"],
        ),
        ops.RunSQL(
            [
                'ALTER TABLE "registered_operation" ADD CONSTRAINT "registered_operation_body_is_bounded" CHECK (length(body) <= 100000)'
            ],
            ['ALTER TABLE "registered_operation" DROP CONSTRAINT "registered_operation_body_is_bounded"'],
        ),
    ]
