"""Tracing costs nothing where it is off, says what is missing where it cannot be on, and keeps to W3C Trace Context."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator, Sequence
from pathlib import Path

import pytest
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from pydantic import SecretStr

from kit.app import App
from kit.config import ProcessConfig
from kit.observability.otel import OtelTracer
from kit.observability.settings import TracingSettings
from kit.observability.tracing import SpanKind, enclosing, trace_id_of
from kit.process import AppSpec, TracingMissing, running
from kit.rpc.context import CallContext, bind_call, current_call, unbind_call

ROOT = Path(__file__).resolve().parents[4]
TRACE_ID = "4bf92f3577b34da6a3ce929d0e0e4736"
PARENT_ID = "00f067aa0ba902b7"
PARENT = f"00-{TRACE_ID}-{PARENT_ID}-01"


class Recorded:
    """A tracer and what it has exported after it was closed."""

    def __init__(self, sample_ratio: float = 1.0) -> None:
        self._exporter = InMemorySpanExporter()
        self.tracer = OtelTracer("speech", "speech-1", sample_ratio=sample_ratio, exporter=self._exporter)

    async def spans(self) -> Sequence[ReadableSpan]:
        await self.tracer.close()
        return self._exporter.get_finished_spans()


@pytest.fixture
async def recorded() -> AsyncIterator[Recorded]:
    made = Recorded()
    yield made
    await made.tracer.close()


@pytest.fixture
def call() -> Iterator[None]:
    bound = bind_call(CallContext(request_id="r-1", trace_parent=PARENT))
    yield
    unbind_call(bound)


async def test_a_span_is_below_its_parent_and_above_what_it_encloses(recorded: Recorded, call: None) -> None:
    with enclosing(recorded.tracer, "outer", SpanKind.SERVER, attributes={"n": 1}) as outer:
        assert current_call().trace_parent == outer.trace_parent
        assert current_call().request_id == "r-1"
        with enclosing(recorded.tracer, "inner", SpanKind.CLIENT):
            pass
    assert current_call().trace_parent == PARENT
    inner_span, outer_span = await recorded.spans()
    assert {f"{span.context.trace_id:032x}" for span in (inner_span, outer_span)} == {TRACE_ID}
    assert f"{outer_span.parent.span_id:016x}" == PARENT_ID
    assert inner_span.parent.span_id == outer_span.context.span_id
    assert outer_span.attributes == {"n": 1}
    assert outer_span.resource.attributes["service.name"] == "voxreel-speech"
    assert trace_id_of(outer.trace_parent) == TRACE_ID


async def test_what_is_raised_is_the_error_of_the_span_by_its_type_only(recorded: Recorded) -> None:
    with pytest.raises(ValueError), enclosing(recorded.tracer, "failing", SpanKind.INTERNAL):
        raise ValueError("a secret detail")
    (span,) = await recorded.spans()
    assert not span.status.is_ok
    assert dict(span.attributes) == {"error.type": "ValueError"}
    assert "secret" not in span.to_json()


@pytest.mark.parametrize("parent", ["", f"00-{'0' * 32}-{PARENT_ID}-01", f"ff-{TRACE_ID}-{PARENT_ID}-01", "nonsense"])
async def test_without_a_usable_parent_a_trace_begins(recorded: Recorded, parent: str) -> None:
    recorded.tracer.start("first", SpanKind.SERVER, parent=parent).end(name="renamed")
    (span,) = await recorded.spans()
    assert span.parent is None and span.name == "renamed"
    assert f"{span.context.trace_id:032x}" != TRACE_ID


async def test_what_is_not_recorded_says_so_to_whoever_comes_next() -> None:
    silent = Recorded(sample_ratio=0.0)
    span = silent.tracer.start("begun here", SpanKind.SERVER, parent="")
    assert len(span.trace_parent) == len(PARENT)
    # The lowest bit says whether a trace is recorded (W3C Trace Context).
    assert int(span.trace_parent[-2:], 16) & 1 == 0
    below = silent.tracer.start("below", SpanKind.CLIENT, parent=span.trace_parent)
    assert trace_id_of(below.trace_parent) == trace_id_of(span.trace_parent)
    begun_elsewhere = silent.tracer.start("begun elsewhere", SpanKind.SERVER, parent=PARENT)
    for each in (below, span, begun_elsewhere):
        each.end()
    assert [each.name for each in await silent.spans()] == ["begun elsewhere"]


def test_nothing_of_opentelemetry_is_imported_where_tracing_is_off() -> None:
    program = (
        "import sys, edge.app, services.billing.app, kit.process\n"
        "print([name for name in sys.modules if name.split('.')[0] == 'opentelemetry'])"
    )
    path = {"PYTHONPATH": f"{ROOT}:{ROOT / 'gen'}"}
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, env=path, timeout=110)
    assert (done.stdout.strip(), done.returncode) == ("[]", 0), done.stderr


async def test_a_process_that_cannot_send_spans_says_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "opentelemetry.exporter.otlp.proto.http.trace_exporter", None)

    async def build(_app: App[ProcessConfig]) -> None:
        raise AssertionError("not reached")

    config = ProcessConfig(
        data_dir=tmp_path,
        service_token=SecretStr("a-token-of-the-services"),
        tracing=TracingSettings(endpoint="http://127.0.0.1:9/v1/traces"),
    )
    with pytest.raises(TracingMissing, match="install the extra `tracing`"):
        async with asyncio.timeout(60), running(AppSpec("sample", config, build, None)):
            pass


async def test_spans_go_to_the_endpoint_as_otlp(tmp_path: Path) -> None:
    trace_exporter = pytest.importorskip("opentelemetry.exporter.otlp.proto.http.trace_exporter")
    collector = pytest.importorskip("opentelemetry.proto.collector.trace.v1.trace_service_pb2")
    assert trace_exporter
    received = asyncio.Queue[bytes]()

    async def receive(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        lengths = [line for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:")]
        assert head.startswith(b"POST /v1/traces ")
        received.put_nowait(await reader.readexactly(int(lengths[0].split(b":")[1])))
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
        await writer.drain()
        writer.close()

    async with await asyncio.start_server(receive, "127.0.0.1", 0) as server:
        endpoint = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/v1/traces"
        tracer = await OtelTracer.open("edge", "edge-1", endpoint=endpoint, sample_ratio=1.0)
        tracer.start("GET /api/system", SpanKind.SERVER, parent=PARENT).end()
        await tracer.close()
        async with asyncio.timeout(60):
            body = await received.get()
    (sent,) = collector.ExportTraceServiceRequest.FromString(body).resource_spans
    (span,) = sent.scope_spans[0].spans
    assert (span.name, span.trace_id.hex(), span.parent_span_id.hex()) == ("GET /api/system", TRACE_ID, PARENT_ID)
