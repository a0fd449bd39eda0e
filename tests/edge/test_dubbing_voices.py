"""Voices of the dubbing document: tags, templates, and what users upload."""

from __future__ import annotations

from typing import Any

import pytest
from aiohttp import FormData

from kit.errors import Invalid
from tests.edge.golden import same_shape
from tests.edge.platform import Platform
from tests.fakes.servicers_dubbing import AVATAR, SAMPLE
from voxreel.common.v1 import error_reason_pb2 as reasons
from voxreel.files.v1 import file_service_pb2 as files
from voxreel.speech.v1 import template_service_pb2 as templates
from voxreel.speech.v1 import voice_service_pb2 as voices

TEMPLATES, CUSTOM = "/api/voices/templates", "/api/voices/custom"
NOT_AUDIO = {"code": 400, "message": "File must be an audio file", "data": None}


def _form(content: bytes = b"RIFF", content_type: str = "audio/wav", **texts: str) -> FormData:
    form = FormData()
    # One text before the file and one behind it.
    for name in ("name", "audio_file", "description"):
        if name == "audio_file":
            form.add_field(name, content, filename="我.wav", content_type=content_type)
        elif name in texts:
            form.add_field(name, texts[name])
    return form


async def _get(platform: Platform, path: str) -> tuple[int, Any]:
    async with platform.client.get(path, headers=platform.bearer()) as response:
        return response.status, await response.json()


async def _upload(platform: Platform, form: FormData) -> tuple[int, Any]:
    async with platform.client.post(CUSTOM, data=form, headers=platform.bearer()) as response:
        return response.status, await response.json()


async def test_tags(platform: Platform) -> None:
    status, reply = await _get(platform, "/api/voices/tags")
    assert status == 200
    same_shape(reply, "GET", "/api/voices/tags")
    assert (await _get(platform, "/api/voices/tags?category=语言"))[1]["data"] == []


async def test_the_documented_query_of_templates(platform: Platform) -> None:
    query = "?gender=female&tags=商务&tags=中文&sort_by=use_count&page=1&page_size=20"
    status, reply = await _get(platform, TEMPLATES + query)
    assert status == 200
    same_shape(reply, "GET", "/api/voices/templates")
    (request,) = platform.templates.listed
    assert (request.gender, list(request.tags), request.page_size, request.skip) == (
        voices.GENDER_FEMALE,
        ["商务", "中文"],
        20,
        0,
    )
    assert request.order == templates.TEMPLATE_ORDER_USE_COUNT
    (item,) = reply["data"]["items"]
    assert (item["avatar_url"], item["sample_url"]) == (
        f"/api/files/download/{AVATAR}",
        f"/api/files/download/{SAMPLE}",
    )
    assert (item["gender"], item["age_range"], item["duration"]) == ("female", "middle", 5.2)


async def test_filters_that_are_not_given(platform: Platform) -> None:
    _, reply = await _get(platform, TEMPLATES + "?gender=all&page=3&page_size=1")
    (request,) = platform.templates.listed
    assert not (request.HasField("gender") or request.HasField("age_range") or request.HasField("category"))
    data = reply["data"]
    assert (data["items"], data["total"], data["page"], data["total_pages"]) == ([], 1, 3, 1)


@pytest.mark.parametrize(
    "query", ["gender=robot", "age_range=baby", "sort_by=name", "page=0", "page_size=101", "page_size=x"]
)
async def test_queries_that_make_no_sense(platform: Platform, query: str) -> None:
    status, reply = await _get(platform, f"{TEMPLATES}?{query}")
    assert (status, reply["code"], reply["data"]) == (400, 400, None)
    assert platform.templates.listed == []


async def test_one_template(platform: Platform) -> None:
    status, reply = await _get(platform, f"{TEMPLATES}/1")
    assert status == 200
    same_shape(reply, "GET", "/api/voices/templates/{template_id}")
    missing = {"code": 404, "message": "Voice template not found", "data": None}
    assert await _get(platform, f"{TEMPLATES}/2") == (404, missing)


@pytest.mark.parametrize("file_id", [SAMPLE, AVATAR])
async def test_files_of_templates_are_made_when_somebody_asks(platform: Platform, file_id: str) -> None:
    async def make(wanted: str) -> None:
        async def content() -> Any:
            yield b"bytes"

        await platform.blobs.write("made", content(), limit_bytes=100)
        file = files.File(id=wanted, storage_type=files.STORAGE_TYPE_CACHE, content_type="image/png", size_bytes=5)
        platform.files.put(file, "made")

    platform.templates.make_file = make
    async with platform.client.get(f"/api/files/download/{file_id}") as response:
        assert (response.status, await response.read()) == (200, b"bytes")
    unknown = "voice_template_9_avatar_000000000000.png"
    async with platform.client.get(f"/api/files/download/{unknown}") as response:
        assert (response.status, await response.json()) == (404, {"detail": f"文件不存在: {unknown}"})


async def test_an_upload_becomes_a_voice(platform: Platform) -> None:
    status, reply = await _upload(platform, _form(name="我的音色", description="这是我自己的声音"))
    assert status == 201
    same_shape(reply, "POST", "/api/voices/custom")
    assert (reply["data"]["name"], reply["data"]["is_duplicate"]) == ("我的音色", False)
    ((_user_id, request, _voice),) = platform.custom_voices.created
    assert (request.name, request.description) == ("我的音色", "这是我自己的声音")
    # Speech keeps a copy; what was stored on the way goes by itself.
    ((stored, _key),) = platform.files.stored.values()
    assert (stored.id, stored.storage_type) == (request.file_id, files.STORAGE_TYPE_TEMP)
    _, again = await _upload(platform, _form(name="我的音色"))
    assert again["data"] == {**reply["data"], "is_duplicate": True}


async def test_own_voices(platform: Platform) -> None:
    await _upload(platform, _form(name="我的音色", description="这是我自己的声音"))
    status, reply = await _get(platform, CUSTOM)
    assert status == 200
    same_shape(reply, "GET", "/api/voices/custom")
    status, reply = await _get(platform, f"{CUSTOM}/100")
    assert status == 200
    same_shape(reply, "GET", "/api/voices/custom/{voice_id}")
    missing = {"code": 404, "message": "Custom voice not found or access denied", "data": None}
    assert await _get(platform, f"{CUSTOM}/101") == (404, missing)
    async with platform.client.get(f"{CUSTOM}/100", headers=platform.bearer(platform.admin)) as response:
        assert (response.status, await response.json()) == (404, missing)


@pytest.mark.parametrize("content_type", ["text/plain", "image/png", "video/mp4"])
async def test_what_says_it_is_no_audio_is_not_stored(platform: Platform, content_type: str) -> None:
    assert await _upload(platform, _form(content_type=content_type, name="x")) == (400, NOT_AUDIO)
    assert platform.files.grants == {}


async def test_what_is_no_audio_is_refused_whatever_it_says(platform: Platform) -> None:
    mismatch = Invalid(reasons.ERROR_REASON_FILE_CONTENT_MISMATCH, "文件内容与扩展名不符")
    platform.files.refusals.by_method["CommitUpload"] = mismatch
    assert await _upload(platform, _form(name="x")) == (400, NOT_AUDIO)
    platform.files.refusals.by_method.clear()
    refusal = Invalid(reasons.ERROR_REASON_AUDIO_INVALID, "File must be an audio file")
    platform.custom_voices.refusals.by_method["CreateCustomVoice"] = refusal
    assert await _upload(platform, _form(name="x", content_type="application/octet-stream")) == (400, NOT_AUDIO)
    assert platform.custom_voices.created == []


async def test_an_upload_over_ten_mebibytes(platform: Platform) -> None:
    message = "File size exceeds maximum allowed size (10485760 bytes)"
    answer = await _upload(platform, _form(bytes(10 * 1024 * 1024 + 1), name="x"))
    assert answer == (400, {"code": 400, "message": message, "data": None})
    assert platform.files.commits == []


@pytest.mark.parametrize(
    ("texts", "message"),
    [
        ({}, "缺少参数 name"),
        ({"name": ""}, "参数 name 不能少于 1 个字符"),
        ({"name": "x" * 101}, "参数 name 不能超过 100 个字符"),
        ({"name": "x", "description": "x" * 501}, "参数 description 不能超过 500 个字符"),
        ({"name": "a\x00"}, "参数 name 含有不允许的字符"),
    ],
)
async def test_names_that_cannot_be(platform: Platform, texts: dict[str, str], message: str) -> None:
    assert await _upload(platform, _form(**texts)) == (400, {"code": 400, "message": message, "data": None})
    assert platform.custom_voices.created == []


async def test_a_form_without_a_file(platform: Platform) -> None:
    form = FormData(default_to_multipart=True)
    form.add_field("name", "我的音色")
    status, reply = await _upload(platform, form)
    assert (status, reply["message"]) == (400, "缺少上传文件 audio_file")
