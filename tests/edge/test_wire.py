"""What comes over the wire, byte by byte: limits, broken HTTP, and an id in each reply and each line of the log."""

from __future__ import annotations

import asyncio
import gzip
import io
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from typing import Any

import orjson
import pytest
import pytest_asyncio

from kit.observability.logging import configure_logging, flush_access_log
from tests.edge.platform import Platform, open_platform
from tests.polling import eventually

pytestmark = pytest.mark.asyncio(loop_scope="module")

UPLOAD = "/api/files/upload?storage_type=temp"
BOUNDARY = "b0undary"
MEBIBYTE = 1024 * 1024


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def shared(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Platform]:
    async with open_platform(tmp_path_factory.mktemp("wire")) as opened:
        yield opened


@pytest.fixture
def lines() -> Iterator[io.BytesIO]:
    stream = io.BytesIO()
    configure_logging("info", stream)
    yield stream
    configure_logging("info")


@dataclass(frozen=True, slots=True)
class Answer:
    status: int
    headers: dict[str, str]
    body: bytes


async def _exchange(platform: Platform, sent: bytes) -> Answer:
    """Sends bytes on a connection of their own and reads one reply."""
    reader, writer = await asyncio.open_connection("127.0.0.1", platform.app.port)
    try:
        async with asyncio.timeout(60):
            writer.write(sent)
            head = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
            headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in head[1:])}
            body = await reader.readexactly(int(headers["content-length"]))
    finally:
        writer.close()
    return Answer(int(head[0].split()[1]), headers, body)


def _request(line: str, *headers: str) -> bytes:
    return "\r\n".join([line, "Host: x", *headers, "", ""]).encode()


@pytest.mark.parametrize(
    ("sent", "status", "reason"),
    [
        (b"GET / HTTP/1.1\r\nBad Header\r\n\r\n", 400, "HTTP_MALFORMED"),
        (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n", 400, "HTTP_MALFORMED"),
        (b"GET / HTTP/1.1\r\nContent-Length: x\r\n\r\n", 400, "HTTP_MALFORMED"),
        (b"GET / HTTP/1.1\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n", 400, "HTTP_MALFORMED"),
        (_request(f"GET /{'a' * 33000} HTTP/1.1"), 431, "HEADERS_TOO_LARGE"),
        (_request("GET / HTTP/1.1", f"X-Long: {'a' * 9000}"), 431, "HEADERS_TOO_LARGE"),
        (_request("GET / HTTP/1.1", f"{'x' * 9000}: a"), 431, "HEADERS_TOO_LARGE"),
        (_request("GET / HTTP/1.1", *(f"X-{number}: a" for number in range(200))), 400, "HTTP_MALFORMED"),
        (_request("POST /api/user/login HTTP/1.1", "Expect: tea"), 417, "EXPECTATION_FAILED"),
        (_request("GET /nothing HTTP/1.1"), 404, "ROUTE_NOT_FOUND"),
        (_request("GET /api/user/login HTTP/1.1"), 405, "METHOD_NOT_ALLOWED"),
        (_request("POST /api/user/login HTTP/1.1", "Content-Length: 2000000"), 413, "BODY_TOO_LARGE"),
        (_request("GET /api/user/profile HTTP/1.1"), 401, "TOKEN_MISSING"),
    ],
)
async def test_every_refusal_has_an_id_and_a_line_with_it(
    shared: Platform, lines: io.BytesIO, sent: bytes, status: int, reason: str
) -> None:
    answer = await _exchange(shared, sent)
    assert (answer.status, answer.headers["x-error-reason"]) == (status, reason)
    assert answer.headers["server"] == "voxreel"
    assert answer.headers["content-type"] == "application/json"
    assert list(orjson.loads(answer.body)) == ["detail"]
    line = _line_of(lines, answer.headers["x-request-id"])
    assert line.items() >= {"status": status, "reason": reason, "service": "edge"}.items()
    assert b"Traceback" not in lines.getvalue()
    assert b'"level":"error"' not in lines.getvalue()


@pytest.mark.parametrize("path", ["/", "/nothing", "/api/system", "/livez", "/metrics", "/openapi.json", "/docs"])
async def test_every_reply_has_the_id_that_was_sent(shared: Platform, lines: io.BytesIO, path: str) -> None:
    answer = await _exchange(shared, _request(f"GET {path} HTTP/1.1", "X-Request-Id: sent-1"))
    assert answer.headers["x-request-id"] == "sent-1"
    assert _line_of(lines, "sent-1")["status"] == answer.status


async def test_a_client_that_goes_away_is_no_fault_of_ours(shared: Platform, lines: io.BytesIO) -> None:
    _, writer = await asyncio.open_connection("127.0.0.1", shared.app.port)
    sent = _request("POST /api/user/login HTTP/1.1", "Content-Length: 100", "X-Request-Id: gone-1")
    writer.write(sent + b'{"account": ')
    await writer.drain()
    writer.close()

    def is_over() -> bool:
        flush_access_log()
        return b"gone-1" in lines.getvalue()

    await eventually(is_over)
    assert _line_of(lines, "gone-1")["status"] == 499
    assert b'"level":"error"' not in lines.getvalue()


async def test_an_unmet_expectation_keeps_the_id_and_the_dialect(shared: Platform) -> None:
    answer = await _exchange(shared, _request("POST /api/auth/login HTTP/1.1", "Expect: tea", "X-Request-Id: sent-2"))
    assert (answer.status, answer.headers["x-request-id"]) == (400, "sent-2")
    assert orjson.loads(answer.body) == {"code": 400, "message": "不支持的 Expect 请求头", "data": None}


async def test_a_header_just_below_the_limit_passes(shared: Platform) -> None:
    answer = await _exchange(shared, _request("GET / HTTP/1.1", f"X-Long: {'a' * 8000}"))
    assert answer.status == 200


async def test_a_packed_body_is_measured_unpacked(shared: Platform) -> None:
    packed = gzip.compress(b'{"account": "' + b"a" * 50 * MEBIBYTE + b'"}')
    headers = ["Content-Encoding: gzip", f"Content-Length: {len(packed)}"]
    answer = await _exchange(shared, _request("POST /api/user/login HTTP/1.1", *headers) + packed)
    assert (answer.status, orjson.loads(answer.body)) == (413, {"detail": "请求体过大，上限为 1 MB"})


async def test_json_as_deep_as_the_body_is_long(shared: Platform) -> None:
    body = b'{"account":' + b"[" * 500_000 + b"]" * 500_000 + b"}"
    headers = [f"Content-Length: {len(body)}"]
    answer = await _exchange(shared, _request("POST /api/user/login HTTP/1.1", *headers) + body)
    assert (answer.status, orjson.loads(answer.body)) == (422, {"detail": "请求体不是有效的 JSON"})


def _field(name: str, content: bytes, *headers: str) -> bytes:
    lines = ["--" + BOUNDARY, f'Content-Disposition: form-data; name="{name}"', *headers, "", ""]
    return "\r\n".join(lines).encode() + content + b"\r\n"


@pytest.mark.parametrize(
    ("fields", "detail"),
    [
        (b"".join(_field(f"f{number}", b"x") for number in range(17)), "multipart 请求体的字段过多"),
        (_field("comment", b"x" * (64 * 1024 + 1)), "multipart 请求体的字段过大"),
        (_field("comment", b"x", f"X-Long: {'a' * 9000}"), "multipart 请求体格式不正确"),
        (_field("comment", b"x", *(f"X-{number}: a" for number in range(500))), "multipart 请求体格式不正确"),
    ],
    ids=["many fields", "a large field", "a long header of a field", "many headers of a field"],
)
async def test_forms_have_limits(shared: Platform, fields: bytes, detail: str) -> None:
    body = fields + _field("file", b"abc").replace(b'name="file"', b'name="file"; filename="a.bin"')
    headers = {**shared.bearer(), "Content-Type": f"multipart/form-data; boundary={BOUNDARY}"}
    async with shared.client.post(UPLOAD, data=body + f"--{BOUNDARY}--\r\n".encode(), headers=headers) as response:
        assert (response.status, await response.json()) == (422, {"detail": detail})
    assert shared.files.commits == []


def _line_of(lines: io.BytesIO, request_id: str) -> dict[str, Any]:
    flush_access_log()
    parsed: list[dict[str, Any]] = [orjson.loads(line) for line in lines.getvalue().splitlines()]
    (found,) = [line for line in parsed if line.get("request_id") == request_id and "status" in line]
    return found
