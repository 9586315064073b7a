"""Vendure's own database, made once: two hundred products by its import, ten thousand by SQL from those."""

import os
import subprocess
from pathlib import Path
from typing import Final

import psycopg

from marketplace.kit.private_postgres import PrivatePostgres

DATABASE: Final = "vendure"


def prepare(folder: Path, node: Path, server: PrivatePostgres, env: dict[str, str]) -> None:
    """Make the database unless it stands; raises CalledProcessError when Vendure cannot."""
    with psycopg.connect(server.url(), autocommit=True) as connection:
        if connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [DATABASE]).fetchone():
            return
        connection.execute("CREATE DATABASE vendure")
    try:
        subprocess.run([node, "populate.js"], cwd=folder, env=os.environ | env | {"SYNC": "1"}, check=True)
        with psycopg.connect(server.url(DATABASE), autocommit=True) as connection:
            connection.execute((folder / "seed.sql").read_bytes())
    except BaseException:
        with psycopg.connect(server.url(), autocommit=True) as connection:
            connection.execute("DROP DATABASE vendure WITH (FORCE)")
        raise
