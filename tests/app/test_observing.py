"""Seen from outside: what Prometheus reads, and what a collector of traces is told."""

from collections.abc import Generator
from datetime import timedelta
from pathlib import Path
from typing import Any, cast

import asyncpg
import pytest
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from prometheus_client import REGISTRY
from starlette.applications import Starlette

from marketplace.app import observing, standing
from marketplace.kit import clock, database, jobs, outbox, tracing
from marketplace.kit.metrics import Names
from marketplace.kit.models import BooksCheck
from tests.app.application import ask, caller, make_app
from tests.builders import a_voucher
from tests.redemptions.world import a_shopper

ABOVE = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
pytestmark = pytest.mark.usefixtures("db")
ran: list[str] = []


@jobs.job("tests.observed")
async def observed_job(word: str) -> None:
    ran.append(word)
    await database.value("SELECT 1")


def counted(name: str, **labels: str) -> float:
    return REGISTRY.get_sample_value(name, labels) or 0.0


@pytest.fixture
def spans() -> Generator[InMemorySpanExporter]:
    exporter = InMemorySpanExporter()
    tracing.configure("test", SimpleSpanProcessor(exporter))
    yield exporter
    tracing.close()


async def test_requests_are_counted_by_operation_and_status(tmp_path: Path):
    name = "marketplace_request_seconds_count"
    before = counted(name, operation="Kinds", status="200")
    async with caller(make_app(tmp_path)) as http:
        await ask(http, "query Kinds { __typename }")
        refused = await http.post("/graphql", json={"query": "query Never { nothing }"})
        page = (await http.get("/metrics")).text

    assert refused.status_code == 400
    assert counted(name, operation="Kinds", status="200") == before + 1
    assert f'{name}{{operation="Kinds",status="200"}}' in page
    assert f'{name}{{operation="/graphql",status="400"}}' in page
    assert "Never" not in page
    assert 'marketplace_pool_connections{state="open"}' in page


async def test_refusals_and_errors_are_counted_by_code(tmp_path: Path):
    refused = counted("marketplace_refusals_total", code="INSUFFICIENT_POINTS")
    denied = counted("marketplace_errors_total", code="UNAUTHENTICATED")
    shopper = await a_shopper(points=0)

    answer = await shopper.redeem(await a_voucher())
    async with caller(make_app(tmp_path)) as http:
        await http.post("/graphql", json={"query": "{ redemptions { totalCount } }"})

    assert answer["code"] == "INSUFFICIENT_POINTS"
    assert counted("marketplace_refusals_total", code="INSUFFICIENT_POINTS") == refused + 1
    assert counted("marketplace_errors_total", code="UNAUTHENTICATED") == denied + 1


async def test_only_the_first_few_names_become_labels():
    names = Names(most=2)

    assert [names.label(name) for name in ("a", "b", "c", "a", None)] == ["a", "b", "other", "a", "anonymous"]


@pytest.mark.parametrize(("given", "status"), [("", 404), ("Bearer wrong", 404), ("Bearer a-long-token", 200)])
async def test_in_production_metrics_are_for_whoever_has_the_token(given: str, status: int):
    app = Starlette(routes=[observing.route("a-long-token", open_to_all=False)])
    async with caller(app, **({"Authorization": given} if given else {})) as http:
        assert (await http.get("/metrics")).status_code == status


async def test_without_a_token_nobody_reads_metrics_in_production():
    app = Starlette(routes=[observing.route(None, open_to_all=False)])
    async with caller(app, Authorization="Bearer ") as http:
        assert (await http.get("/metrics")).status_code == 404


async def test_the_standing_tells_of_waiting_jobs_and_of_the_last_check_of_the_books():
    await outbox.enqueue("tests.observed", delay=timedelta(minutes=-5), word="late")
    await BooksCheck.create(name="check_lots", violations=9, checked_at=clock.now() - timedelta(days=1))
    await BooksCheck.create(name="check_lots", violations=2, checked_at=clock.now())

    await standing.observe(known_for_s=0)

    assert counted("marketplace_books_violations", check="check_lots") == 2
    assert counted("marketplace_outbox_messages") == 1
    assert counted("marketplace_outbox_oldest_due_seconds") > 299


async def test_the_clock_checks_the_books_and_keeps_what_came_out():
    await standing.check_books()

    found = await BooksCheck.all()
    assert len(found) > 20
    assert {row.violations for row in found} == {0}
    assert len({row.checked_at for row in found}) == 1


async def test_a_trace_goes_from_the_caller_through_the_request_into_the_job(
    tmp_path: Path, spans: InMemorySpanExporter
):
    async with caller(make_app(tmp_path), traceparent=ABOVE) as http:
        await ask(http, "query Kinds { __typename }")
    with tracing.span("a write", observing.SpanKind.SERVER, {tracing.CARRIER: ABOVE}):
        await outbox.enqueue("tests.observed", word="traced")
    await jobs.drain()

    found = {span.name: span for span in spans.get_finished_spans()}
    assert {"GraphQL Kinds", "a write", "job tests.observed"} <= found.keys()
    assert {f"{span.context.trace_id:032x}" for span in found.values() if span.context} == {ABOVE[3:35]}
    above, below = found["a write"].context, found["job tests.observed"].parent
    assert above is not None
    assert below is not None
    assert below.span_id == above.span_id
    assert ran[-1] == "traced"


async def test_nothing_is_carried_when_nothing_is_traced():
    await outbox.enqueue("tests.observed", word="plain")

    assert tracing.carried() == {}
    assert await database.value("SELECT payload::text FROM outbox_message") == '{"word": "plain"}'


async def test_statements_are_told_without_their_values(database_url: str, spans: InMemorySpanExporter):
    kind = database.config(database_url)["connections"]["default"]["credentials"]["connection_class"]
    parts = database.credentials(database_url)
    connection: Any = await cast(Any, asyncpg).connect(**parts, connection_class=kind)
    with tracing.span("above", observing.SpanKind.SERVER, {}):
        await connection.fetchval("SELECT length($1)", "somebody@example.org")
    await connection.close()

    (select,) = [span for span in spans.get_finished_spans() if span.name == "SELECT"]
    assert dict(select.attributes or {})["db.query.text"] == "SELECT length($1)"
    assert "somebody" not in select.to_json()
