"""All state in one SQLite file, so a killed stand-in starts again where it was.

One request is one transaction. An object is its JSON as Stripe shows it; `moves` repeats the
numbers of the balance transactions so that a balance is a sum.
"""

import json
import secrets
import sqlite3
import string
import time
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from marketplace.payments.stand_in.errors import Json, no_such

PLATFORM = "acct_platform"
_LETTERS = string.ascii_letters + string.digits
_TABLES = """
CREATE TABLE IF NOT EXISTS objects (
    seq INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL UNIQUE, kind TEXT NOT NULL,
    account TEXT NOT NULL, body TEXT NOT NULL);
CREATE INDEX IF NOT EXISTS objects_by_kind ON objects (kind, account, seq);
CREATE INDEX IF NOT EXISTS objects_by_group ON objects (json_extract(body, '$.transfer_group'));
CREATE TABLE IF NOT EXISTS moves (
    txn TEXT PRIMARY KEY, account TEXT NOT NULL, currency TEXT NOT NULL, net INTEGER NOT NULL,
    available_on INTEGER NOT NULL, payout TEXT);
CREATE INDEX IF NOT EXISTS moves_by_account ON moves (account, currency);
CREATE TABLE IF NOT EXISTS idempotency (
    account TEXT NOT NULL, key TEXT NOT NULL, path TEXT NOT NULL, fingerprint TEXT NOT NULL,
    status INTEGER NOT NULL, body TEXT NOT NULL, request TEXT NOT NULL, created INTEGER NOT NULL,
    PRIMARY KEY (account, key));
CREATE TABLE IF NOT EXISTS deliveries (
    seq INTEGER PRIMARY KEY AUTOINCREMENT, event TEXT NOT NULL, payload TEXT NOT NULL, due REAL NOT NULL,
    attempts INTEGER NOT NULL DEFAULT 0, forged INTEGER NOT NULL DEFAULT 0, held INTEGER NOT NULL DEFAULT 0,
    answer INTEGER, done INTEGER NOT NULL DEFAULT 0);
CREATE TABLE IF NOT EXISTS faults (
    seq INTEGER PRIMARY KEY AUTOINCREMENT, scope TEXT NOT NULL, body TEXT NOT NULL, times INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS requests (
    seq INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL, method TEXT NOT NULL, path TEXT NOT NULL,
    account TEXT NOT NULL, key TEXT, params TEXT NOT NULL, status INTEGER NOT NULL,
    replayed INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS settings (name TEXT PRIMARY KEY, value TEXT NOT NULL);
"""


class Store:
    """The file, and the few statements that everything else is made of."""

    def __init__(self, path: Path | str) -> None:
        self._db = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
        self._db.row_factory = sqlite3.Row
        self._db.execute("PRAGMA journal_mode=WAL")
        self._db.execute("PRAGMA synchronous=NORMAL")
        self._db.executescript(_TABLES)

    def close(self) -> None:
        self._db.close()

    def execute(self, sql: str, *args: object) -> sqlite3.Cursor:
        return self._db.execute(sql, args)

    def rows(self, sql: str, *args: object) -> list[sqlite3.Row]:
        return self._db.execute(sql, args).fetchall()

    @contextmanager
    def transaction(self) -> Generator[None]:
        """All or nothing; nested, it is a savepoint."""
        nested = self._db.in_transaction
        self._db.execute("SAVEPOINT inner_part" if nested else "BEGIN IMMEDIATE")
        try:
            yield
        except BaseException:
            self._db.execute("ROLLBACK TO inner_part" if nested else "ROLLBACK")
            if nested:
                self._db.execute("RELEASE inner_part")
            raise
        self._db.execute("RELEASE inner_part" if nested else "COMMIT")

    def forget_everything(self) -> None:
        """Empty every table."""
        for row in self.rows("SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'"):
            self.execute(f"DELETE FROM {row['name']}")

    def now(self) -> int:
        """Stripe's clock in whole seconds: the machine's, plus what the control surface added."""
        return int(time.time()) + int(self.setting("clock_offset_s", "0"))

    def setting(self, name: str, default: str) -> str:
        found = self.rows("SELECT value FROM settings WHERE name = ?", name)
        return str(found[0]["value"]) if found else default

    def set_setting(self, name: str, value: str) -> None:
        self.execute("INSERT OR REPLACE INTO settings (name, value) VALUES (?, ?)", name, value)

    def new(self, kind: str, prefix: str, account: str, /, **fields: Any) -> Json:
        """A new object with Stripe's envelope; it is stored and returned."""
        body: Json = {"id": new_id(prefix), "object": kind, "created": self.now(), **fields}
        self.execute(
            "INSERT INTO objects (id, kind, account, body) VALUES (?, ?, ?, ?)",
            body["id"], kind, account, json.dumps(body),
        )  # fmt: skip
        return body

    def save(self, body: Json) -> Json:
        self.execute("UPDATE objects SET body = ? WHERE id = ?", json.dumps(body), body["id"])
        return body

    def find(self, kind: str, id: str, account: str | None = None) -> Json | None:
        """The object, or None when it does not exist or belongs to another account."""
        sql = "SELECT body FROM objects WHERE id = ? AND kind = ?"
        args: list[object] = [id, kind]
        if account is not None:
            sql, args = f"{sql} AND account = ?", [*args, account]
        found = self.rows(sql, *args)
        return json.loads(found[0]["body"]) if found else None

    def get(self, kind: str, id: str, account: str | None = None, param: str = "id") -> Json:
        """The object; raises Stripe's `resource_missing` (docs.stripe.com/error-codes)."""
        found = self.find(kind, id, account)
        if found is None:
            raise no_such(kind, id, param)
        return found

    def owner_of(self, id: str) -> str:
        found = self.rows("SELECT account FROM objects WHERE id = ?", id)
        return str(found[0]["account"]) if found else PLATFORM


def new_id(prefix: str) -> str:
    return f"{prefix}_{''.join(secrets.choice(_LETTERS) for _ in range(24))}"
