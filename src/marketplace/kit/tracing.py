"""Traces through requests, SQL and jobs, for OpenTelemetry, when an exporter is set.

`OTEL_EXPORTER_OTLP_ENDPOINT` and its sisters say where to, as the OpenTelemetry specification names them. Without
one nothing is traced and nothing is paid for it. Statements are told as they are written, never their values.
"""

import os
import time
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from typing import Any, Final

from opentelemetry import context, propagate, trace
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import SpanProcessor, TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.trace import Span, SpanKind, StatusCode, Tracer

ENDPOINTS: Final = ("OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT")
CARRIER: Final = "traceparent"  # https://www.w3.org/TR/trace-context/
_STATEMENT = 2_000
_tracer: Tracer | None = None
_provider: TracerProvider | None = None


def configure(service: str, processor: SpanProcessor | None = None) -> None:
    """Trace this process under a service's name, if the environment names an exporter or a processor is given."""
    global _tracer, _provider
    if processor is None:
        if not any(os.environ.get(name) for name in ENDPOINTS):
            return
        processor = BatchSpanProcessor(OTLPSpanExporter())
    name = os.environ.get("OTEL_SERVICE_NAME", service)
    _provider = TracerProvider(resource=Resource.create({"service.name": name}))
    _provider.add_span_processor(processor)
    _tracer = _provider.get_tracer("marketplace")


def close() -> None:
    """Send what is left, and trace no more."""
    global _tracer, _provider
    if _provider is not None:
        _provider.shutdown()
    _tracer = _provider = None


def active() -> bool:
    """Whether this process traces."""
    return _tracer is not None


@contextmanager
def span(name: str, kind: SpanKind, carrier: Mapping[str, str], **attributes: str) -> Generator[Span | None]:
    """One stretch of work, below the one that the carrier names if it does; None when nothing is traced."""
    if _tracer is None:
        yield None
        return
    above = propagate.extract(carrier) if CARRIER in carrier else context.get_current()
    with _tracer.start_as_current_span(name, context=above, kind=kind, attributes=attributes) as current:
        yield current


def carried() -> dict[str, str]:
    """What carries the present span to other processes; empty when nothing is traced."""
    carrier: dict[str, str] = {}
    if _tracer is not None:
        propagate.inject(carrier)
    return {CARRIER: carrier[CARRIER]} if CARRIER in carrier else {}


def trace_id() -> str | None:
    """The id of the trace that this moment belongs to, if it is one."""
    found = trace.get_current_span().get_span_context()
    return f"{found.trace_id:032x}" if _tracer is not None and found.is_valid else None


def log_statement(record: Any) -> None:
    """A query logger of asyncpg: a span for each statement that a traced stretch of work waited for."""
    if _tracer is None or not trace.get_current_span().get_span_context().is_valid:
        return
    ended = time.time_ns()
    verb = record.query.split(None, 1)[0].upper() if record.query.strip() else "SQL"
    told = _tracer.start_span(
        verb,
        kind=SpanKind.CLIENT,
        start_time=ended - int(record.elapsed * 1e9),
        attributes={"db.system.name": "postgresql", "db.query.text": record.query.strip()[:_STATEMENT]},
    )
    if record.exception is not None:
        told.set_status(StatusCode.ERROR, type(record.exception).__name__)
    told.end(ended)
