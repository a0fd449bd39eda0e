"""What is left of a finished call: a measurement, and a line where somebody may need it."""

from __future__ import annotations

import io
from collections.abc import Iterator

import orjson
import pytest

from kit.observability.calls import CallRecorder
from kit.observability.catalogue import RPC_CALLS, RPC_SECONDS
from kit.observability.logging import configure_logging, flush_access_log
from kit.observability.metrics import Metrics
from kit.rpc.context import CallContext

METHOD = "/voxreel.auth.v1.UserService/GetProfile"


@pytest.fixture
def lines() -> Iterator[io.BytesIO]:
    stream = io.BytesIO()
    configure_logging("info", stream)
    yield stream
    configure_logging("info")


def recorder(metrics: Metrics) -> CallRecorder:
    return CallRecorder("auth", metrics.calls(RPC_CALLS, RPC_SECONDS))


def has_counted(metrics: Metrics, code: str) -> bool:
    line = f'voxreel_rpc_calls_total{{app="auth",code="{code}",method="{METHOD}"}} 1.0'
    return line in metrics.render().decode().splitlines()


def test_a_finished_call_is_counted_and_has_a_line(lines: io.BytesIO) -> None:
    metrics, trace_parent = Metrics("auth"), "00-" + "a" * 32 + "-" + "b" * 16 + "-01"
    call = CallContext(request_id="r-1", trace_parent=trace_parent, caller="edge")
    recorder(metrics).finished(METHOD, 5, 0.0125, call)
    flush_access_log()
    line = orjson.loads(lines.getvalue())
    assert line.items() >= {"code": "NOT_FOUND", "ms": 12.5, "request_id": "r-1", "caller": "edge"}.items()
    assert line["trace_id"] == "a" * 32
    assert has_counted(metrics, "NOT_FOUND")


def test_a_call_of_a_set_that_went_well_is_counted_only(lines: io.BytesIO) -> None:
    metrics = Metrics("auth")
    recorder(metrics).counted(METHOD, 0.0125)
    flush_access_log()
    assert lines.getvalue() == b""
    assert has_counted(metrics, "OK")
