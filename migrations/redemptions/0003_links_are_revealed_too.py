from tortoise import fields, migrations
from tortoise.migrations import operations as ops


class Migration(migrations.Migration):
    dependencies = [
        ("catalog", "0005_a_typo_is_looked_up_in_known_words"),
        ("members", "0001_initial"),
        ("partners", "0001_initial"),
        ("partners", "0002_contracts_never_overlap"),
        ("payments", "0001_initial"),
        ("points", "0001_initial"),
        ("redemptions", "0002_codes_revealed_and_reissued"),
    ]

    initial = False

    operations = [
        ops.AlterModelOptions(
            name="CodeReveal",
            options={
                "table": "code_reveal",
                "app": "redemptions",
                "pk_attr": "id",
                "table_description": "A code (at a position) or a link shown in the clear to its owner, noted before it left. Append-only.",
            },
        ),
        ops.AlterField(
            model_name="CodeReveal",
            name="position",
            field=fields.BigIntField(null=True),
        ),
    ]
