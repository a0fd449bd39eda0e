"""One trace from a client's request over RPCs, the broker and the worker to the settlement of the credits."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from types import ModuleType
from typing import Any, ClassVar

import pytest
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.trace.export import SpanExporter, SpanExportResult
from opentelemetry.trace import SpanKind

from edge.operations import OPERATIONS_PATHS
from tests.observability.installation import installation
from tests.stack.client import TTS_PRICE, Client, paying_client

pytestmark = pytest.mark.timeout(600)

_EXPORTER = "opentelemetry.exporter.otlp.proto.http.trace_exporter"
_TRACE_ID = "4bf92f3577b34da6a3ce929d0e0e4736"
_CLIENT_SPAN = "00f067aa0ba902b7"


class CollectingExporter(SpanExporter):
    """Stands where the exporter of OpenTelemetry is; all instances collect into one list."""

    spans: ClassVar[list[ReadableSpan]] = []
    endpoints: ClassVar[list[str]] = []

    def __init__(self, endpoint: str, timeout: float) -> None:
        self.endpoints.append(endpoint)

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        self.spans.extend(spans)
        return SpanExportResult.SUCCESS


@pytest.fixture
def exporter(monkeypatch: pytest.MonkeyPatch) -> type[CollectingExporter]:
    module: Any = ModuleType(_EXPORTER)
    module.OTLPSpanExporter = CollectingExporter
    monkeypatch.setitem(sys.modules, _EXPORTER, module)
    CollectingExporter.spans.clear()
    CollectingExporter.endpoints.clear()
    return CollectingExporter


class Trace:
    """The spans of one trace, as a tree."""

    def __init__(self, spans: Sequence[ReadableSpan], trace_id: str) -> None:
        self.spans = [span for span in spans if f"{span.context.trace_id:032x}" == trace_id]
        self._by_id = {span.context.span_id: span for span in self.spans}

    def path_to(self, span: ReadableSpan) -> list[tuple[str, str, SpanKind]]:
        """App, name and kind of the span and all above it, from the top."""
        above = None if span.parent is None else self._by_id.get(span.parent.span_id)
        app = str(span.resource.attributes["service.name"]).removeprefix("voxreel-")
        return [*([] if above is None else self.path_to(above)), (app, span.name, span.kind)]

    def one(self, app: str, name: str, kind: SpanKind) -> ReadableSpan:
        (found,) = [span for span in self.spans if self.path_to(span)[-1] == (app, name, kind)]
        return found


async def synthesize(user: Client, text: str) -> str:
    reply = await user.call(
        "POST",
        "/api/tts/synthesize",
        json={"text": text, "voice": "zhichu"},
        headers={"traceparent": f"00-{_TRACE_ID}-{_CLIENT_SPAN}-01"},
    )
    assert reply.status == 200, reply
    task_id: str = reply.body["task_id"]
    assert await user.wait_ended([task_id]) == {task_id: "completed"}
    await user.wait_settled(available=100 - TTS_PRICE)
    return task_id


async def test_a_task_is_one_trace_over_all_apps(tmp_path: Path, exporter: type[CollectingExporter]) -> None:
    tracing = {"endpoint": "http://collector.invalid/v1/traces"}
    async with installation(tmp_path, tracing=tracing) as installed, paying_client(installed, 100) as user:
        task_id = await synthesize(user, "你好")
        for path in OPERATIONS_PATHS:
            assert await user.status("GET", path) == 200
    assert exporter.endpoints == ["http://collector.invalid/v1/traces"] * 6
    trace = Trace(exporter.spans, _TRACE_ID)
    request = trace.one("edge", "POST /api/tts/synthesize", SpanKind.SERVER)
    assert f"{request.parent.span_id:016x}" == _CLIENT_SPAN
    assert request.attributes["http.response.status_code"] == 200

    create = "voxreel.speech.v1.SynthesisService/CreateSynthesis"
    accepted = [
        ("edge", "POST /api/tts/synthesize", SpanKind.SERVER),
        ("edge", create, SpanKind.CLIENT),
        ("speech", create, SpanKind.SERVER),
    ]
    assert trace.path_to(trace.one("speech", create, SpanKind.SERVER)) == accepted
    reserve = "voxreel.billing.v1.LedgerService/ReserveCredits"
    assert trace.path_to(trace.one("billing", reserve, SpanKind.SERVER)) == [
        *accepted,
        ("speech", reserve, SpanKind.CLIENT),
        ("billing", reserve, SpanKind.SERVER),
    ]
    work = trace.one("speech", "task TTS", SpanKind.CONSUMER)
    worked = [
        *accepted,
        ("speech", "publish work.speech.interactive", SpanKind.PRODUCER),
        ("speech", "task TTS", work.kind),
    ]
    assert trace.path_to(work) == worked
    assert work.attributes["voxreel.task.id"] == task_id

    upload = "voxreel.files.v1.FileService/UploadFile"
    assert trace.path_to(trace.one("files", upload, SpanKind.SERVER))[: len(worked)] == worked
    settled = trace.one("billing", "process voxreel.task.v1.TaskSucceeded", SpanKind.CONSUMER)
    assert trace.path_to(settled) == [
        *worked,
        ("speech", "publish evt.speech.task.succeeded", SpanKind.PRODUCER),
        ("billing", "process voxreel.task.v1.TaskSucceeded", SpanKind.CONSUMER),
    ]
    assert {trace.path_to(span)[0] for span in trace.spans} == {accepted[0]}, "nothing stands beside the request"
    recharge = next(span for span in exporter.spans if span.name.endswith("/credits/recharge"))
    recharging = Trace(exporter.spans, f"{recharge.context.trace_id:032x}")
    asked = recharging.one("auth", "voxreel.auth.v1.UserService/BatchGetUsers", SpanKind.SERVER)
    assert [app for app, _, _ in recharging.path_to(asked)] == ["edge", "edge", "billing", "billing", "auth"]
    assert not OPERATIONS_PATHS & {span.name.removeprefix("GET ") for span in exporter.spans}
    twice = Counter(span.context.span_id for span in exporter.spans)
    assert max(twice.values()) == 1
