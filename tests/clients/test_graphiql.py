"""GraphiQL in a browser that can reach nothing else: its examples are answered. Collected where Chromium is."""

import os
from pathlib import Path

import pytest

from tests.clients.conftest import CHROMIUM, Served
from tests.clients.test_clients import node

pytestmark = pytest.mark.clients


def test_every_example_is_answered_without_the_internet(served: Served, tmp_path: Path) -> None:
    assert CHROMIUM is not None
    shots = Path(os.environ.get("SHOTS", tmp_path))

    said = node("graphiql.mjs", CHROMIUM=CHROMIUM, BASE=served.url.removesuffix("/graphql"), SHOTS=str(shots))

    done, of = said[-1].split(" of ")
    assert done == of
    assert len(list(shots.glob("*.png"))) == int(of) - 1
