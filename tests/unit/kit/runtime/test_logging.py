from __future__ import annotations

import io
import logging
from collections.abc import Iterator
from datetime import datetime
from typing import Any

import orjson
import pytest
import structlog

from kit.errors import NotFound
from kit.observability.logging import access_log, configure_logging, flush_access_log
from kit.rpc.context import CallContext, bind_call, unbind_call
from voxreel.common.v1 import error_reason_pb2 as reasons


@pytest.fixture
def output() -> Iterator[io.BytesIO]:
    stream = io.BytesIO()
    former = logging.getLogger().handlers[:]
    configure_logging("info", stream)
    yield stream
    configure_logging("info")
    structlog.reset_defaults()
    logging.getLogger().handlers = former


def lines(stream: io.BytesIO) -> list[dict[str, Any]]:
    return [orjson.loads(line) for line in stream.getvalue().splitlines()]


def test_an_event_is_one_json_line_with_time_level_and_request(output: io.BytesIO) -> None:
    token = bind_call(CallContext(request_id="req-1", trace_parent=f"00-{'a' * 32}-{'b' * 16}-01"))
    structlog.get_logger().info("card.used", card_id=7)
    unbind_call(token)
    (line,) = lines(output)
    assert (line["event"], line["level"], line["card_id"], line["request_id"]) == ("card.used", "info", 7, "req-1")
    assert line["trace_id"] == "a" * 32
    assert datetime.fromisoformat(line["timestamp"]).tzinfo is not None


def test_less_severe_events_are_left_out(output: io.BytesIO) -> None:
    structlog.get_logger().debug("details")
    logging.getLogger("library").debug("details")
    assert output.getvalue() == b""


def test_records_of_the_standard_library_have_the_same_shape(output: io.BytesIO) -> None:
    logging.getLogger("library").warning("pool %s is full", "a")
    (line,) = lines(output)
    assert (line["event"], line["level"], line["logger"]) == ("pool a is full", "warning", "library")


def test_secrets_are_masked_at_any_depth(output: io.BytesIO) -> None:
    structlog.get_logger().info("x", password="p1", request={"headers": [{"Authorization": "p2"}], "user": "u"})
    assert b"p1" not in output.getvalue()
    assert b"p2" not in output.getvalue()
    assert lines(output)[0]["request"]["user"] == "u"


def test_an_exception_is_told_by_type_and_place_without_message_or_path(output: io.BytesIO) -> None:
    try:
        try:
            raise KeyError("SELECT secret FROM /etc/passwd")
        except KeyError as cause:
            raise ValueError("value-quoted") from cause
    except ValueError:
        structlog.get_logger().exception("job.failed")
    (line,) = lines(output)
    assert line["error"] == ["ValueError", "KeyError"]
    assert line["error_at"][0].split(":")[1] == ("test_an_exception_is_told_by_type_and_place_without_message_or_path")
    for hidden in (b"SELECT", b"passwd", b"value-quoted", b".py", b"Traceback"):
        assert hidden not in output.getvalue()


def test_a_domain_error_keeps_its_message(output: io.BytesIO) -> None:
    error = NotFound(reasons.ERROR_REASON_FILE_NOT_FOUND, "文件不存在")
    structlog.get_logger().error("job.failed", exc_info=error)
    assert lines(output)[0]["error"] == ["kit.errors.NotFound(FILE_NOT_FOUND: 文件不存在)"]


async def test_access_lines_of_one_turn_are_written_together(output: io.BytesIO) -> None:
    access_log({"method": "/a", "ms": 1.5})
    access_log({"method": "/b", "ms": 2.5})
    assert output.getvalue() == b""
    flush_access_log()
    written = lines(output)
    assert [line["method"] for line in written] == ["/a", "/b"]
    assert {(line["event"], line["level"]) for line in written} == {("access", "info")}
    assert datetime.fromisoformat(written[0]["timestamp"]).tzinfo is not None


def test_access_lines_without_a_loop_are_written_at_once(output: io.BytesIO) -> None:
    access_log({"method": "/a"})
    assert lines(output)[0]["method"] == "/a"


async def test_the_access_buffer_is_bounded(output: io.BytesIO) -> None:
    for number in range(600):
        access_log({"n": number})
    assert 500 <= len(lines(output)) <= 600
    flush_access_log()
    assert [line["n"] for line in lines(output)] == list(range(600))
