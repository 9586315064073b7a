"""Every promise of the models stands in the database, for whoever writes to it."""

import pytest

from marketplace.kit import database, migrations
from tests.house import promises

pytestmark = pytest.mark.usefixtures("db")
RESTRICT = "r"
NO_ACTION = "a"


async def test_every_check_of_the_models_exists_and_is_valid() -> None:
    found = {
        (row["table"], row["name"]) for row in await promises.constraints() if row["type"] == "c" and row["valid"]
    }
    assert promises.promised_checks() - found == set()
    assert promises.promised_checks()


async def test_no_check_exists_that_the_models_do_not_know() -> None:
    found = {(row["table"], row["name"]) for row in await promises.constraints() if row["type"] == "c"}
    assert found - promises.promised_checks() == set()


async def test_everything_unique_is_unique_in_the_database() -> None:
    whole = {
        (row["table"], frozenset(row["columns"])) for row in await promises.unique_indexes() if not row["partial"]
    }
    assert promises.promised_uniques() - whole == set()


async def test_every_named_unique_constraint_exists() -> None:
    found = {(row["table"], row["name"]) for row in await promises.unique_indexes()}
    assert promises.promised_partial_uniques() - found == set()


async def test_every_reference_is_a_foreign_key_that_restricts_deletion() -> None:
    kept = {
        (row["table"], row["columns"][0]): (row["refers"], row["on_delete"])
        for row in await promises.constraints()
        if row["type"] == "f" and len(row["columns"]) == 1
    }
    promised = promises.promised_references()
    assert {key: rule for key, (_, rule) in promised.items() if rule != "RESTRICT"} == {}
    assert {key: kept.get(key) for key, (table, _) in promised.items() if kept.get(key) != (table, RESTRICT)} == {}


async def test_no_foreign_key_cascades() -> None:
    soft = [
        row["name"]
        for row in await promises.constraints()
        if row["type"] == "f" and row["on_delete"] not in (RESTRICT, NO_ACTION)
    ]
    assert soft == []


async def test_both_accounts_of_a_transfer_have_its_unit() -> None:
    texts = {row["name"]: row["text"] for row in await promises.constraints() if row["table"] == "transfer"}
    for side in ("debit", "credit"):
        wanted = f"FOREIGN KEY ({side}_account_id, unit) REFERENCES account(id, unit)"
        assert texts[f"transfer_{side}_unit"] == wanted


async def test_contracts_of_a_partner_never_overlap() -> None:
    [text] = [row["text"] for row in await promises.constraints() if row["type"] == "x"]
    assert text.startswith("EXCLUDE USING gist (partner_id WITH =, daterange(valid_from, valid_until")
    assert text.endswith("WITH &&)")


_MAY = """
SELECT t.name AS table, p.privilege FROM unnest($2::text[]) AS t (name),
    unnest(ARRAY['UPDATE', 'DELETE', 'TRUNCATE']) AS p (privilege)
WHERE has_table_privilege($1, t.name, p.privilege)"""
_MAY_COLUMN = """
SELECT table_name, column_name, privilege_type FROM information_schema.column_privileges
WHERE grantee IN ($1, 'PUBLIC') AND privilege_type = 'UPDATE' AND table_name = ANY ($2)"""
_OWNED = """
SELECT tablename FROM pg_tables WHERE schemaname = 'public' AND pg_has_role($1, tableowner, 'MEMBER')"""
_POWERS = "SELECT rolsuper, rolcreatedb, rolcreaterole, rolbypassrls, rolcanlogin FROM pg_roles WHERE rolname = $1"


async def test_the_application_can_only_add_to_what_is_append_only() -> None:
    kept = [promises.table_of(model) for model in promises.models() if getattr(model, "append_only", False)]
    assert {"account", "journal", "transfer", "statement", "statement_line", "audit_entry"} <= set(kept)
    assert await database.rows(_MAY, database.APP_ROLE, kept) == []
    assert await database.rows(_MAY_COLUMN, database.APP_ROLE, kept) == []


async def test_the_application_cannot_truncate_any_table() -> None:
    tables = [promises.table_of(model) for model in promises.models()]
    found = await database.rows(_MAY, database.APP_ROLE, tables)
    assert [row["table"] for row in found if row["privilege"] == "TRUNCATE"] == []


async def test_the_application_owns_nothing_and_can_give_itself_nothing() -> None:
    assert await database.rows(_OWNED, database.APP_ROLE) == []
    powers = await database.row(_POWERS, database.APP_ROLE)
    assert powers is not None
    assert not any(powers.values())


async def test_refusing_to_change_the_past_is_seen_when_tried() -> None:
    for statement in ("UPDATE transfer SET amount = 1", "DELETE FROM journal", "TRUNCATE transfer, journal"):
        with pytest.raises(Exception, match="permission denied"):
            await database.execute(statement)


async def test_what_is_granted_names_every_append_only_table() -> None:
    tables = {promises.table_of(model) for model in promises.models()}
    revoked = next(statement for statement in migrations.grants(tables) if statement.startswith("REVOKE"))
    for model in promises.models():
        assert (promises.table_of(model) in revoked.replace(",", "").split()) == bool(
            getattr(model, "append_only", False)
        )
