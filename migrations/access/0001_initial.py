from orjson import loads
from tortoise import fields, migrations
from tortoise.fields.data import JSON_DUMPS
from tortoise.indexes import Index
from tortoise.migrations import operations as ops
from tortoise.migrations.constraints import CheckConstraint

from marketplace.kit.ids import new_id


class Migration(migrations.Migration):
    initial = True

    operations = [
        ops.CreateModel(
            name="ApiKey",
            fields=[
                ("id", fields.UUIDField(primary_key=True, default=new_id, unique=True, db_index=True)),
                ("owner_kind", fields.CharField(max_length=20)),
                ("owner_id", fields.UUIDField()),
                ("name", fields.CharField(max_length=120)),
                ("key_id", fields.CharField(unique=True, max_length=24)),
                ("secret_hash", fields.CharField(max_length=64)),
                ("scopes", fields.JSONField(default=list, encoder=JSON_DUMPS, decoder=loads)),
                ("created_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ("expires_at", fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
                ("revoked_at", fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
                ("last_used_at", fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
            ],
            options={
                "table": "api_key",
                "app": "access",
                "constraints": [
                    CheckConstraint(
                        check="owner_kind IN ('PARTNER', 'PROGRAM', 'OPERATOR')", name="api_key_owner_kind_known"
                    )
                ],
                "indexes": [Index(fields=["owner_kind", "owner_id"], name="api_key_owner")],
                "pk_attr": "id",
                "table_description": "`mk_live_<key_id>_<secret>`: only the SHA-256 of the secret is kept.",
            },
            bases=["Model"],
        ),
        ops.RunSQL(
            "ALTER TABLE \"api_key\" ADD CONSTRAINT \"api_key_owner_kind_known\" CHECK (owner_kind IN ('PARTNER', 'PROGRAM', 'OPERATOR'))",
            'ALTER TABLE "api_key" DROP CONSTRAINT "api_key_owner_kind_known"',
        ),
        ops.CreateModel(
            name="Operator",
            fields=[
                ("id", fields.UUIDField(primary_key=True, default=new_id, unique=True, db_index=True)),
                ("name", fields.CharField(unique=True, max_length=120)),
                ("roles", fields.JSONField(default=list, encoder=JSON_DUMPS, decoder=loads)),
                ("active", fields.BooleanField(default=True)),
                ("created_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
            ],
            options={
                "table": "operator",
                "app": "access",
                "pk_attr": "id",
                "table_description": "A person who runs the marketplace.",
            },
            bases=["Model"],
        ),
    ]
