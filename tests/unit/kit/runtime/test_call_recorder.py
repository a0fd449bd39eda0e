"""What is left of a finished call: a measurement, and a line where somebody may need it."""

from __future__ import annotations

import io
from collections.abc import Iterator

import orjson
import pytest
from prometheus_client import CollectorRegistry

from kit.observability.calls import CallRecorder
from kit.observability.logging import configure_logging, flush_access_log
from kit.observability.metrics import CallMetrics
from kit.rpc.context import CallContext

METHOD = "/voxreel.auth.v1.UserService/GetProfile"


@pytest.fixture
def lines() -> Iterator[io.BytesIO]:
    stream = io.BytesIO()
    configure_logging("info", stream)
    yield stream
    configure_logging("info")


def count_of(metrics: CallMetrics, code: str) -> float | None:
    registry = CollectorRegistry()
    registry.register(metrics)
    return registry.get_sample_value("voxreel_auth_calls_total", {"method": METHOD, "code": code})


def test_a_finished_call_is_counted_and_has_a_line(lines: io.BytesIO) -> None:
    metrics = CallMetrics("voxreel_auth")
    CallRecorder("auth", metrics).finished(METHOD, 5, 0.0125, CallContext(request_id="r-1", caller="edge"))
    flush_access_log()
    line = orjson.loads(lines.getvalue())
    assert line.items() >= {"code": "NOT_FOUND", "ms": 12.5, "request_id": "r-1", "caller": "edge"}.items()
    assert count_of(metrics, "NOT_FOUND") == 1


def test_a_call_of_a_set_that_went_well_is_counted_only(lines: io.BytesIO) -> None:
    metrics = CallMetrics("voxreel_auth")
    CallRecorder("auth", metrics).counted(METHOD, 0.0125)
    flush_access_log()
    assert lines.getvalue() == b""
    assert count_of(metrics, "OK") == 1
