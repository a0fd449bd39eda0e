"""Downloads: ranges, validators, and how browsers are told to treat what others uploaded."""

from __future__ import annotations

from collections.abc import AsyncIterator
from urllib.parse import quote

import pytest
import pytest_asyncio

from tests.edge.platform import Platform
from voxreel.files.v1 import file_service_pb2 as files

CONTENT = bytes(range(256)) * 8192 + b"tail"
ETAG = '"abc123"'


@pytest_asyncio.fixture
async def url(platform: Platform) -> str:
    await _store(platform, "tts_audio_1.wav", "audio/wav", CONTENT)
    return "/api/files/download/tts_audio_1.wav"


async def _store(platform: Platform, file_id: str, content_type: str, content: bytes, name: str = "") -> None:
    async def chunks() -> AsyncIterator[bytes]:
        yield content

    await platform.blobs.write(f"blobs/{file_id}", chunks(), limit_bytes=len(content))
    file = files.File(
        id=file_id,
        user_id=1,
        storage_type=files.STORAGE_TYPE_PERSISTENT,
        file_type="audio",
        original_name=name or file_id,
        content_type=content_type,
        size_bytes=len(content),
        sha256="abc123",
    )
    platform.files.put(file, f"blobs/{file_id}")


async def test_the_whole_file(platform: Platform, url: str) -> None:
    async with platform.client.get(url) as response:
        body = await response.read()
    assert (response.status, body == CONTENT) == (200, True)
    headers = response.headers
    assert (headers["Content-Type"], headers["ETag"], headers["Accept-Ranges"]) == ("audio/wav", ETAG, "bytes")
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert "private" in headers["Cache-Control"]
    assert "sandbox" in headers["Content-Security-Policy"]
    assert headers["Content-Disposition"].startswith("inline")
    assert len(headers["X-Request-Id"]) == 32


@pytest.mark.parametrize(
    ("asked", "start", "end"),
    [
        ("bytes=0-0", 0, 1),
        ("bytes=0-99", 0, 100),
        ("bytes=1048570-1048585", 1048570, 1048586),
        ("bytes=2097150-", 2097150, len(CONTENT)),
        ("bytes=-4", len(CONTENT) - 4, len(CONTENT)),
        ("bytes=-99999999", 0, len(CONTENT)),
        ("bytes=5-99999999", 5, len(CONTENT)),
        ("BYTES=0-1", 0, 2),
    ],
)
async def test_one_range(platform: Platform, url: str, asked: str, start: int, end: int) -> None:
    async with platform.client.get(url, headers={"Range": asked}) as response:
        body = await response.read()
    assert (response.status, body == CONTENT[start:end]) == (206, True)
    assert response.headers["Content-Range"] == f"bytes {start}-{end - 1}/{len(CONTENT)}"
    assert response.headers["Content-Length"] == str(end - start)


@pytest.mark.parametrize("asked", [f"bytes={len(CONTENT)}-", "bytes=-0", "bytes=999999999999-"])
async def test_a_range_outside(platform: Platform, url: str, asked: str) -> None:
    async with platform.client.get(url, headers={"Range": asked}) as response:
        assert (response.status, response.headers["Content-Range"]) == (416, f"bytes */{len(CONTENT)}")


@pytest.mark.parametrize(
    "asked",
    [
        "bytes=0-1,5-9",
        "bytes=" + ",".join("0-1" for _ in range(1000)),
        "bytes=9-1",
        "bytes=-",
        "bytes=a-b",
        "lines=0-1",
        "bytes=" + "9" * 100 + "-",
    ],
)
async def test_what_is_no_single_range_is_answered_whole(platform: Platform, url: str, asked: str) -> None:
    async with platform.client.get(url, headers={"Range": asked}) as response:
        assert (response.status, len(await response.read())) == (200, len(CONTENT))


@pytest.mark.parametrize("known", [ETAG, "*", f'"other", {ETAG}', f"W/{ETAG}"])
async def test_a_known_version_is_not_sent_again(platform: Platform, url: str, known: str) -> None:
    async with platform.client.get(url, headers={"If-None-Match": known}) as response:
        assert (response.status, await response.read(), response.headers["ETag"]) == (304, b"", ETAG)


async def test_another_version_is_sent(platform: Platform, url: str) -> None:
    async with platform.client.get(url, headers={"If-None-Match": '"other"'}) as response:
        assert response.status == 200


@pytest.mark.parametrize(
    ("condition", "status"),
    [(ETAG, 206), ('"other"', 200), (f"W/{ETAG}", 200), ("Thu, 01 Jan 2026 12:00:00 GMT", 200)],
)
async def test_a_range_of_another_version_is_answered_whole(
    platform: Platform, url: str, condition: str, status: int
) -> None:
    headers = {"Range": "bytes=0-1", "If-Range": condition}
    async with platform.client.get(url, headers=headers) as response:
        assert response.status == status


async def test_head_sends_headers_only(platform: Platform, url: str) -> None:
    async with platform.client.head(url, headers={"Range": "bytes=0-1"}) as response:
        assert (response.status, await response.read()) == (200, b"")
        assert response.headers["Content-Length"] == str(len(CONTENT))


@pytest.mark.parametrize(
    "content_type",
    [
        "text/html",
        "image/svg+xml",
        "application/xml",
        "text/javascript",
        "application/pdf",
        "audio/midi",
        "TEXT/HTML",
        "",
    ],
)
async def test_what_a_browser_could_run_is_saved(platform: Platform, content_type: str) -> None:
    await _store(platform, "page.bin", content_type, b"<script>alert(1)</script>", "page.html")
    async with platform.client.get("/api/files/download/page.bin") as response:
        assert response.headers["Content-Type"] == "application/octet-stream"
        assert response.headers["Content-Disposition"].startswith("attachment")


async def test_names_survive(platform: Platform) -> None:
    name = '数字人 "一".mp4\r\nX-Evil: 1'
    await _store(platform, "v.mp4", "video/mp4", b"abc", name)
    async with platform.client.get("/api/files/download/v.mp4") as response:
        disposition = response.headers["Content-Disposition"]
    assert "X-Evil" not in response.headers
    assert f"filename*=UTF-8''{quote(name, safe='')}" in disposition
    assert disposition.isascii()


async def test_an_empty_file(platform: Platform) -> None:
    await _store(platform, "empty.bin", "", b"")
    async with platform.client.get("/api/files/download/empty.bin") as response:
        assert (response.status, await response.read()) == (200, b"")
    async with platform.client.get("/api/files/download/empty.bin", headers={"Range": "bytes=0-"}) as response:
        assert response.status == 416


async def test_storage_type_is_a_filter(platform: Platform, url: str) -> None:
    async with platform.client.get(url + "?storage_type=persistent") as response:
        assert response.status == 200
    async with platform.client.get(url + "?storage_type=temp") as response:
        assert response.status == 404
    async with platform.client.get(url + "?storage_type=tape") as response:
        assert response.status == 422


async def test_unknown_file(platform: Platform) -> None:
    async with platform.client.get("/api/files/download/nothing.wav") as response:
        assert (response.status, await response.json()) == (404, {"detail": "文件不存在: nothing.wav"})


async def test_a_record_without_bytes_is_missing_too(platform: Platform, url: str) -> None:
    await platform.blobs.delete("blobs/tts_audio_1.wav")
    async with platform.client.get(url) as response:
        assert (response.status, await response.json()) == (404, {"detail": "文件不存在: tts_audio_1.wav"})
