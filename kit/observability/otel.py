"""Spans through OpenTelemetry's SDK. Imported only where tracing is on; needs the extra `tracing`."""

from __future__ import annotations

import asyncio
from types import MappingProxyType
from typing import Self

from opentelemetry import trace
from opentelemetry.context import Context
from opentelemetry.sdk.resources import SERVICE_INSTANCE_ID, SERVICE_NAME, Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExporter
from opentelemetry.sdk.trace.sampling import ParentBased, TraceIdRatioBased
from opentelemetry.trace import Status, StatusCode
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

from kit.observability.tracing import NO_ATTRIBUTES, Attributes, SpanKind

_EXPORT_TIMEOUT_S = 5.0
_KINDS = MappingProxyType({kind: trace.SpanKind[kind.name] for kind in SpanKind})
_propagator = TraceContextTextMapPropagator()


class OtelSpan:
    """A span of the SDK."""

    def __init__(self, span: trace.Span) -> None:
        self._span = span

    @property
    def trace_parent(self) -> str:
        made = self._span.get_span_context()
        return f"00-{made.trace_id:032x}-{made.span_id:016x}-{made.trace_flags:02x}"

    def end(self, *, name: str = "", error: str = "", attributes: Attributes = NO_ATTRIBUTES) -> None:
        if name:
            self._span.update_name(name)
        if attributes:
            self._span.set_attributes(attributes)
        if error:
            self._span.set_attribute("error.type", error)
            self._span.set_status(Status(StatusCode.ERROR))
        self._span.end()


class OtelTracer:
    """The spans of one app, exported in batches by a thread. Close it at the end, which sends what is left.

    `sample_ratio` is the share of traces begun here that are recorded; a trace begun elsewhere stays as it was decided.
    """

    def __init__(self, app: str, instance: str, *, sample_ratio: float, exporter: SpanExporter) -> None:
        self._provider = TracerProvider(
            sampler=ParentBased(TraceIdRatioBased(sample_ratio)),
            resource=Resource.create({SERVICE_NAME: f"voxreel-{app}", SERVICE_INSTANCE_ID: instance}),
            shutdown_on_exit=False,
        )
        self._provider.add_span_processor(BatchSpanProcessor(exporter))
        self._tracer = self._provider.get_tracer("voxreel")

    @classmethod
    async def open(cls, app: str, instance: str, *, endpoint: str, sample_ratio: float) -> Self:
        """A tracer that sends OTLP over HTTP to the endpoint, a full URL. Made in a thread: imports are slow."""
        return await asyncio.to_thread(cls._open, app, instance, endpoint, sample_ratio)

    @classmethod
    def _open(cls, app: str, instance: str, endpoint: str, sample_ratio: float) -> Self:
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter

        exporter = OTLPSpanExporter(endpoint=endpoint, timeout=_EXPORT_TIMEOUT_S)
        return cls(app, instance, sample_ratio=sample_ratio, exporter=exporter)

    def start(self, name: str, kind: SpanKind, *, parent: str, attributes: Attributes = NO_ATTRIBUTES) -> OtelSpan:
        around = _propagator.extract({"traceparent": parent}, Context()) if parent else Context()
        return OtelSpan(self._tracer.start_span(name, around, _KINDS[kind], attributes))

    async def close(self) -> None:
        """Sends what is left, off the event loop."""
        await asyncio.to_thread(self._provider.shutdown)
