"""The clients that apps are built with, each against what we serve and publish (`make test-clients`)."""

import os
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest

from tests.clients.conftest import HERE, ROOT, Served

pytestmark = pytest.mark.clients
INSTALLED = HERE / "node_modules" / ".bin"
TIMEOUT_S = 240


def run(*command: str | Path, cwd: Path = HERE, environment: Mapping[str, str] | None = None) -> list[str]:
    """The lines a program printed; fails with all of them when it says that something is wrong."""
    env = os.environ | (environment or {})
    done = subprocess.run(
        command, cwd=cwd, env=env, capture_output=True, text=True, timeout=TIMEOUT_S, check=False
    )
    assert done.returncode == 0, f"{command}\n{done.stdout}\n{done.stderr}"
    return done.stdout.strip().splitlines()


def node(script: str, **environment: str) -> list[str]:
    """The lines that a script of ours printed."""
    return run("node", script, environment=environment)


def copied(folder: str, into: Path, names: Sequence[str]) -> Path:
    """A sample app where it may leave what it generates: some compilers put that under version control at once."""
    project = into / "tests" / "clients" / folder
    project.mkdir(parents=True)
    for name in names:
        if (HERE / folder / name).is_dir():
            shutil.copytree(HERE / folder / name, project / name)
        else:
            shutil.copy(HERE / folder / name, project / name)
    (into / "schema.graphql").write_text((ROOT / "schema.graphql").read_text())
    (into / "tests" / "clients" / "node_modules").symlink_to(HERE / "node_modules")
    return project


def test_graphql_http_has_no_remark(served: Served) -> None:
    assert node("audit.mjs", URL=served.url)[-1] == "61 of 61 audits without a remark"


def test_graphql_eslint_finds_no_problem_in_the_schema() -> None:
    said = node("eslint.mjs")

    assert [line.split(", ")[-1] for line in said] == ["0 problems", "0 problems"]


def test_relay_compiles_an_apps_queries(tmp_path: Path) -> None:
    app = copied("relay", tmp_path, ["src", "relay.config.json"])
    (app / "__generated__").mkdir()

    run(INSTALLED / "relay-compiler", "relay.config.json", cwd=app)

    made = {path.name for path in (app / "__generated__").iterdir()}
    assert {"CatalogueScreenQuery.graphql.ts", "CataloguePageQuery.graphql.ts"} <= made


def test_types_are_generated_for_an_app_and_it_compiles_strictly(tmp_path: Path) -> None:
    app = copied("codegen", tmp_path, ["src", "codegen.mjs", "tsconfig.json"])

    run(INSTALLED / "graphql-codegen", "--config", "codegen.mjs", cwd=app)

    assert run(INSTALLED / "tsc", "--project", ".", cwd=app) == []
    wrong = (
        (app / "src" / "screens.ts").read_text().replace("`${outcome.missing} points are missing`", "outcome.now")
    )
    (app / "src" / "screens.ts").write_text(wrong)
    refused = subprocess.run(
        [INSTALLED / "tsc", "--project", "."], cwd=app, capture_output=True, text=True, check=False
    )
    assert "Property 'now' does not exist" in refused.stdout


def test_apollo_client_asks_pages_writes_uploads_and_persists(served: Served) -> None:
    assert node("apollo.mjs", **served.environment())[-1] == "7 of 7"


def test_apollo_client_is_told_of_a_write_by_socket_and_by_stream(working: Served) -> None:
    assert node("live.mjs", **working.environment())[-1] == "6 of 6"


def test_apollos_compatibility_tests_for_subgraphs(products: str) -> None:
    assert node("subgraph.mjs", PRODUCTS=products)[-1] == "24 of 24"


def test_a_gateway_joins_our_graph_with_a_foreign_one(served: Served) -> None:
    assert node("supergraph.mjs", **served.environment())[-1] == "4 of 4"
