"""Downloads: ranges, validators, and how browsers are told to treat what others uploaded."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta
from urllib.parse import quote

import pytest
import pytest_asyncio

from kit.clock import SystemClock
from kit.errors import Forbidden, Reason, Unavailable
from kit.rpc.times import timestamp_of
from tests.edge.platform import Platform
from voxreel.common.v1 import error_reason_pb2 as reasons
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
    assert headers["X-Robots-Tag"] == "noindex"
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


async def test_storage_type_is_a_filter(platform: Platform) -> None:
    await _store(platform, "bgm_1.wav", "audio/wav", b"abc")
    url = "/api/files/download/bgm_1.wav"
    async with platform.client.get(url + "?storage_type=persistent") as response:
        assert response.status == 200
    async with platform.client.get(url + "?storage_type=temp") as response:
        assert response.status == 404
    async with platform.client.get(url + "?storage_type=tape") as response:
        assert response.status == 422


async def test_old_style_addresses_lead_to_the_same_file(platform: Platform, url: str) -> None:
    for path in ("/api/files/audio/tts_audio_1.wav/download", "/api/files/audio/tts_audio_1.wav/download/"):
        async with platform.client.get(path, headers={"Range": "bytes=0-9"}) as response:
            assert (response.status, await response.read()) == (206, CONTENT[:10])


@pytest.mark.parametrize("storage_type", ["temp", "cache", "persistent"])
async def test_audio_and_previews_are_found_under_every_storage(
    platform: Platform, url: str, storage_type: str
) -> None:
    async with platform.client.get(f"{url}?storage_type={storage_type}") as response:
        assert response.status == 200


async def test_a_link_is_not_kept_beyond_its_end(platform: Platform, url: str) -> None:
    platform.files.stored["signed-AAA.wav"] = platform.files.stored["tts_audio_1.wav"]
    end = SystemClock().now() + timedelta(seconds=60)
    platform.files.link_ends["signed-AAA.wav"] = timestamp_of(end)
    async with platform.client.get("/api/files/download/signed-AAA.wav") as response:
        kept = int(response.headers["Cache-Control"].rpartition("=")[2])
    assert 50 <= kept <= 60


@pytest.mark.parametrize(
    ("reason", "message"),
    [
        (reasons.ERROR_REASON_FILE_LINK_EXPIRED, "下载链接已过期"),
        (reasons.ERROR_REASON_FILE_LINK_INVALID, "下载链接无效"),
    ],
)
async def test_a_link_that_is_not_good(platform: Platform, reason: Reason, message: str) -> None:
    platform.files.refusals.by_method["OpenDownload"] = Forbidden(reason, message)
    async with platform.client.get("/api/files/download/signed-AAA.wav") as response:
        assert (response.status, await response.json()) == (403, {"detail": message})


def _make_previews(platform: Platform) -> None:
    async def make(file_id: str) -> None:
        await _store(platform, file_id, "audio/wav", platform.speech.preview_version.encode())

    platform.speech.make_preview = make


async def test_a_preview_of_a_version_is_made_when_it_is_asked_for_and_not_again(platform: Platform) -> None:
    _make_previews(platform)
    for _ in range(2):
        async with platform.client.get("/api/files/download/voice_preview_zhichu-v1.wav") as response:
            assert (response.status, await response.read()) == (200, b"v1")
    assert platform.speech.previews == ["zhichu-v1"]


async def test_a_preview_without_a_version_is_the_newest(platform: Platform) -> None:
    _make_previews(platform)
    for version in ("v1", "v2"):
        platform.speech.preview_version = version
        async with platform.client.get("/api/files/download/voice_preview_zhichu.wav") as response:
            assert (response.status, await response.read()) == (200, version.encode())
            assert response.headers["Cache-Control"] == "private, max-age=60"
    async with platform.client.get("/api/files/download/voice_preview_zhichu-v1.wav") as response:
        assert (await response.read(), response.headers["Cache-Control"]) == (b"v1", "private, max-age=3600")


async def test_there_is_no_preview_of_an_unknown_voice(platform: Platform) -> None:
    path = "/api/files/download/voice_preview_nobody.wav"
    async with platform.client.get(path) as response:
        assert (response.status, await response.json()) == (404, {"detail": "文件不存在: voice_preview_nobody.wav"})


async def test_a_preview_needs_an_engine(platform: Platform) -> None:
    platform.speech.refusals.by_method["PrepareVoicePreview"] = Unavailable(
        reasons.ERROR_REASON_ENGINE_UNAVAILABLE, "语音合成引擎暂不可用，请稍后重试"
    )
    async with platform.client.get("/api/files/download/voice_preview_zhichu.wav") as response:
        assert (response.status, await response.json()) == (503, {"detail": "语音合成引擎暂不可用，请稍后重试"})


async def test_unknown_file(platform: Platform) -> None:
    async with platform.client.get("/api/files/download/nothing.wav") as response:
        assert (response.status, await response.json()) == (404, {"detail": "文件不存在: nothing.wav"})


async def test_a_record_without_bytes_is_missing_too(platform: Platform, url: str) -> None:
    await platform.blobs.delete("blobs/tts_audio_1.wav")
    async with platform.client.get(url) as response:
        assert (response.status, await response.json()) == (404, {"detail": "文件不存在: tts_audio_1.wav"})
