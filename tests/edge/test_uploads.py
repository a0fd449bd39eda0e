"""Multipart uploads: what is stored, what is refused, and how early."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import AsyncIterator

import pytest
from aiohttp import ClientError, FormData

from kit.blobs.store import BlobNotFound, BlobStore
from kit.errors import Invalid, Unavailable
from tests.edge.golden import same_shape
from tests.edge.platform import Platform
from voxreel.common.v1 import error_reason_pb2 as reasons
from voxreel.files.v1 import file_service_pb2 as files

UPLOAD = "/api/files/upload"
TEMP = UPLOAD + "?storage_type=temp"
PERSISTENT = UPLOAD + "?file_type=digital_humans"
BOUNDARY = "b0undary"
MULTIPART = {"Content-Type": f"multipart/form-data; boundary={BOUNDARY}"}
# No header may hold the name of this field.
_UNNAMEABLE = f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="\x0f"\r\n\r\n'.encode()


def _form(content: bytes, name: str = "video.mp4", field: str = "file") -> FormData:
    form = FormData(quote_fields=False)
    form.add_field(field, content, filename=name, content_type="application/octet-stream")
    return form


async def _bytes(blobs: BlobStore, key: str) -> bytes:
    return b"".join([block async for block in blobs.read(key)])


async def _is_stored(blobs: BlobStore, key: str) -> bool:
    try:
        await blobs.size(key)
    except BlobNotFound:
        return False
    return True


def _part(content: bytes, *headers: str) -> bytes:
    lines = ["--" + BOUNDARY, 'Content-Disposition: form-data; name="file"; filename="a.bin"', *headers, "", ""]
    return "\r\n".join(lines).encode() + content + f"\r\n--{BOUNDARY}--\r\n".encode()


async def test_a_persistent_upload(platform: Platform) -> None:
    content = bytes(range(256)) * 4096
    async with platform.client.post(PERSISTENT, data=_form(content), headers=platform.bearer()) as response:
        reply = await response.json()
    assert response.status == 200
    same_shape(reply, "POST", UPLOAD)
    assert (reply["original_filename"], reply["file_size_mb"]) == ("video.mp4", 1.0)
    assert reply["url"] == f"/api/files/download/{reply['file_id']}?storage_type=persistent"
    (commit,) = platform.files.commits
    assert (commit.size_bytes, commit.head) == (len(content), content[:8192])
    assert commit.sha256 == hashlib.sha256(content).hexdigest()
    assert await _bytes(platform.blobs, platform.files.stored[reply["file_id"]][1]) == content


async def test_a_temp_upload_needs_no_type(platform: Platform) -> None:
    async with platform.client.post(TEMP, data=_form(b"abc", "temp_audio.wav"), headers=platform.bearer()) as response:
        reply = await response.json()
    same_shape(reply, "POST", UPLOAD, example=1)
    assert (reply["filename"], reply["size"]) == ("temp_audio.wav", 3)
    ((file, _key),) = platform.files.stored.values()
    assert (file.storage_type, file.file_type) == (files.STORAGE_TYPE_TEMP, "")


@pytest.mark.parametrize(
    ("sent", "kept"),
    [("视频 一.mp4", "视频 一.mp4"), ("..\\..\\a.mp4", "a.mp4"), ("/etc/passwd", "passwd"), ("x" * 300 + ".mp4", None)],
)
async def test_names_lose_folders_and_length(platform: Platform, sent: str, kept: str | None) -> None:
    async with platform.client.post(TEMP, data=_form(b"abc", sent), headers=platform.bearer()) as response:
        name = (await response.json())["filename"]
    assert name == (kept or ("x" * 300 + ".mp4")[-255:])


async def test_fields_before_the_file_are_skipped(platform: Platform) -> None:
    form = FormData()
    form.add_field("comment", "hello")
    form.add_field("file", b"abc", filename="a.wav")
    async with platform.client.post(TEMP, data=form, headers=platform.bearer()) as response:
        assert (await response.json())["size"] == 3


@pytest.mark.parametrize("size", [1000, 1001, 3_000_000])
@pytest.mark.parametrize("chunked", [False, True], ids=["declared", "chunked"])
async def test_the_limit_is_counted_on_the_bytes_read(platform: Platform, size: int, chunked: bool) -> None:
    platform.files.limit_bytes = 1000
    body = _part(b"x" * size)

    async def pieces() -> AsyncIterator[bytes]:
        for start in range(0, len(body), 65536):
            yield body[start : start + 65536]

    headers = {**platform.bearer(), **MULTIPART}
    async with platform.client.post(TEMP, data=pieces() if chunked else body, headers=headers) as response:
        reply = await response.json()
    if size == 1000:
        assert response.status == 200
        return
    assert (response.status, response.headers["X-Error-Reason"]) == (413, "FILE_TOO_LARGE")
    assert reply["detail"].startswith("文件过大")
    (grant,) = platform.files.grants.values()
    assert not await _is_stored(platform.blobs, grant.blob_key)
    assert platform.files.commits == []


async def test_refused_content_leaves_no_bytes(platform: Platform) -> None:
    error = Invalid(reasons.ERROR_REASON_FILE_CONTENT_MISMATCH, "文件内容与类型不符")
    platform.files.refusals.by_method["CommitUpload"] = error
    async with platform.client.post(PERSISTENT, data=_form(b"text"), headers=platform.bearer()) as response:
        assert (response.status, await response.json()) == (400, {"detail": "文件内容与类型不符"})
    (grant,) = platform.files.grants.values()
    assert not await _is_stored(platform.blobs, grant.blob_key)


async def test_bytes_stay_when_the_commit_may_have_happened(platform: Platform) -> None:
    error = Unavailable(reasons.ERROR_REASON_SERVICE_UNAVAILABLE, "")
    platform.files.refusals.by_method["CommitUpload"] = error
    async with platform.client.post(PERSISTENT, data=_form(b"video"), headers=platform.bearer()) as response:
        assert response.status == 503
    (grant,) = platform.files.grants.values()
    assert await _is_stored(platform.blobs, grant.blob_key)


async def test_a_client_that_goes_away_leaves_nothing(platform: Platform) -> None:
    started, never = asyncio.Event(), asyncio.Event()

    async def half() -> AsyncIterator[bytes]:
        yield _part(b"x" * 300_000)[:200_000]
        started.set()
        await never.wait()

    async def send() -> None:
        headers = {**platform.bearer(), **MULTIPART}
        async with platform.client.post(TEMP, data=half(), headers=headers):
            pass

    sending = asyncio.create_task(send())
    await started.wait()
    sending.cancel()
    with pytest.raises((asyncio.CancelledError, ClientError)):
        await sending
    async with platform.client.post(TEMP, data=_form(b"abc"), headers=platform.bearer()) as response:
        assert response.status == 200
    assert len(platform.files.commits) == 1


@pytest.mark.parametrize(
    ("headers", "body", "detail"),
    [
        ({"Content-Type": "application/json"}, b"{}", "请求必须是 multipart/form-data 格式"),
        ({"Content-Type": "multipart/form-data"}, b"", "multipart 请求体格式不正确"),
        (MULTIPART, b"", "multipart 请求体格式不正确"),
        (MULTIPART, _UNNAMEABLE, "multipart 请求体格式不正确"),
        (MULTIPART, b"no boundary at all", "multipart 请求体格式不正确"),
        (MULTIPART, f"--{BOUNDARY}--\r\n".encode(), "缺少上传文件 file"),
        (MULTIPART, _part(b"abc")[:-20], "上传内容不完整"),
        (MULTIPART, _part(b"YWJj", "Content-Transfer-Encoding: base64"), "不支持经过编码的上传内容"),
        (MULTIPART, _part(b"abc").replace(b'; filename="a.bin"', b""), "file 必须是文件"),
        (MULTIPART, _part(b"abc").replace(b'name="file"', b'name="other"'), "缺少上传文件 file"),
    ],
)
async def test_malformed_forms(platform: Platform, headers: dict[str, str], body: bytes, detail: str) -> None:
    async with platform.client.post(TEMP, data=body, headers={**platform.bearer(), **headers}) as response:
        assert (response.status, await response.json()) == (422, {"detail": detail})
    assert platform.files.commits == []


async def test_unsupported_type_is_refused_before_a_byte_is_stored(platform: Platform) -> None:
    path = UPLOAD + "?file_type=virus"
    async with platform.client.post(path, data=_form(b"abc"), headers=platform.bearer()) as response:
        assert (response.status, await response.json()) == (400, {"detail": "不支持的文件类型"})


async def test_upload_needs_a_login(platform: Platform) -> None:
    async with platform.client.post(TEMP, data=_form(b"abc")) as response:
        assert response.status == 401
    assert platform.files.grants == {}
