"""Recognition, rewriting, cloned voices, video and links: what clients send and read."""

from __future__ import annotations

import asyncio
import re
from pathlib import Path
from typing import Any

import orjson
import pytest
from aiohttp import FormData

from edge.config import RateSettings
from edge.endpoint import Access
from edge.own_urls import file_id_of
from edge.platform_api.endpoints import llm as llm_endpoints
from edge.platform_api.endpoints import recognition as recognition_endpoints
from edge.platform_api.endpoints import tasks as tasks_endpoints
from edge.platform_api.endpoints import videoretalk as videoretalk_endpoints
from edge.platform_api.endpoints import voices as voices_endpoints
from edge.platform_api.handlers import llm
from kit.errors import Unavailable
from tests.edge.golden import same_shape, same_shape_as_read
from tests.edge.platform import Platform, open_platform
from tests.polling import eventually
from voxreel.auth.v1 import user_pb2
from voxreel.common.v1 import error_reason_pb2 as reasons
from voxreel.engine.v1 import engine_service_pb2 as engines
from voxreel.speech.v1 import voice_service_pb2 as voices
from voxreel.task.v1 import task_pb2

UNAVAILABLE = Unavailable(reasons.ERROR_REASON_ENGINE_UNAVAILABLE, "引擎暂不可用，请稍后重试")
REWRITE = {"text": "要仿写的原文本", "mode": "auto", "length_ratio": 1.2, "stream": False}
IDS = {"video_file_id": "video_1", "audio_file_id": "audio_1"}
KEYING = {"video_file_id": "video_1", "background_image_file_id": "image_1"}
SAMPLE = "http://localhost:8000/api/files/audio/sample_1/download"


@pytest.fixture
def ears(platform: Platform) -> Platform:
    """A platform with an engine for recognition."""
    platform.speech_engines.engines.append(
        engines.Engine(name="fake", capability="speech_recognition", is_available=True, is_selected=True)
    )
    return platform


async def _post(
    platform: Platform, path: str, body: Any = None, *, status: int = 200, data: FormData | None = None
) -> Any:
    async with platform.client.post(path, json=body, data=data, headers=platform.bearer()) as response:
        reply = await response.json()
        assert response.status == status, reply
        return reply


def _form(**fields: str) -> FormData:
    form = FormData()
    for name, value in fields.items():
        form.add_field(name, value)
    # Makes it multipart.
    form.add_field("other", b"", filename="", content_type="application/octet-stream")
    return form


async def test_a_stored_file_is_recognized(ears: Platform) -> None:
    reply = await _post(ears, "/api/process", data=_form(file_id="audio_123456"))
    same_shape(reply, "POST", "/api/process")
    assert (reply["status"], reply["message"]) == ("completed", "处理完成")
    assert ears.speech.tasks.by_id[reply["task_id"]].input["file_id"] == "audio_123456"


async def test_an_uploaded_file_is_stored_and_recognized(ears: Platform) -> None:
    form = FormData()
    form.add_field("file", b"RIFF....", filename="audio.wav")
    reply = await _post(ears, "/api/process", data=form)
    [stored] = ears.files.stored
    assert ears.speech.tasks.by_id[reply["task_id"]].input["file_id"] == stored


async def test_a_failed_recognition_says_why(ears: Platform) -> None:
    ears.recognition.end = task_pb2.TASK_STATE_FAILED
    reply = await _post(ears, "/api/process", data=_form(file_id="audio_1"))
    assert (reply["status"], reply["error"]) == ("failed", "引擎处理失败")


async def test_a_form_with_neither_is_refused(ears: Platform) -> None:
    assert (await _post(ears, "/api/process", data=_form(nothing="x"), status=422))["detail"].startswith("缺少")


async def test_without_an_engine_nothing_is_stored(platform: Platform) -> None:
    form = FormData()
    form.add_field("file", b"RIFF....", filename="audio.wav")
    reply = await _post(platform, "/api/process", data=form, status=503)
    assert reply == {"detail": "语音识别引擎暂不可用，请稍后重试"}
    assert platform.files.grants == {} and platform.files.stored == {}


async def test_a_rewrite_as_documented(platform: Platform) -> None:
    reply = await _post(platform, "/api/llm/rewrite", REWRITE)
    same_shape(reply, "POST", "/api/llm/rewrite")
    assert (reply["original_text"], reply["rewritten_text"]) == (REWRITE["text"], "一句。两句！")
    assert reply["usage"] == {"prompt_tokens": 3, "completion_tokens": 4, "total_tokens": 7}
    assert platform.texts.requests[0].length_ratio == 1.2


async def test_a_streamed_rewrite_comes_in_pieces(platform: Platform) -> None:
    body = {**REWRITE, "stream": True}
    async with platform.client.post("/api/llm/rewrite", json=body, headers=platform.bearer()) as response:
        assert (response.status, response.content_type) == (200, "text/event-stream")
        lines = [line for line in (await response.text()).split("\n") if line.startswith("data: ")]
    assert lines[-1] == "data: [DONE]"
    events = [orjson.loads(line.removeprefix("data: ")) for line in lines[:-1]]
    assert [event["delta"] for event in events[:-1]] == ["一句。", "两句！"]
    same_shape(events[-1], "POST", "/api/llm/rewrite")


def _events(body: str) -> list[Any]:
    lines = [line.removeprefix("data: ") for line in body.split("\n") if line.startswith("data: ")]
    assert lines[-1] == "[DONE]"
    return [orjson.loads(line) for line in lines[:-1]]


async def test_a_text_that_is_written_again_says_so(platform: Platform) -> None:
    platform.texts.restarts = True
    body = {**REWRITE, "stream": True}
    async with platform.client.post("/api/llm/rewrite", json=body, headers=platform.bearer()) as response:
        events = _events(await response.text())
    assert events[2] == {"delta": "", "restart": True}
    assert (events[-1]["engine"], events[-1]["warnings"]) == ("fake-quill", ["缺少：2024"])


async def test_a_piece_is_sent_before_the_text_is_whole(platform: Platform) -> None:
    platform.texts.is_silent = True
    body = {**REWRITE, "stream": True}
    async with platform.client.post("/api/llm/rewrite", json=body, headers=platform.bearer()) as response:
        assert orjson.loads((await response.content.readuntil(b"\n\n")).removeprefix(b"data: ")) == {"delta": "一句。"}
    await eventually(lambda: platform.texts.was_left, within_s=10)


async def test_who_hangs_up_before_the_reply_has_cancelled(platform: Platform) -> None:
    platform.texts.is_silent = True
    asking = asyncio.create_task(_post(platform, "/api/llm/rewrite", REWRITE))
    await eventually(lambda: bool(platform.texts.requests))
    asking.cancel()
    await eventually(lambda: platform.texts.was_left, within_s=10)
    with pytest.raises(asyncio.CancelledError):
        await asking


async def test_a_silent_stream_is_kept_alive(platform: Platform, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(llm, "_HEARTBEAT_S", 0.05)
    platform.texts.is_silent, platform.texts.pieces = True, []
    body = {**REWRITE, "stream": True}
    async with platform.client.post("/api/llm/rewrite", json=body, headers=platform.bearer()) as response:
        assert await response.content.readuntil(b"\n\n") == b": waiting\n\n"


async def test_a_text_that_an_engine_refuses_is_the_callers(platform: Platform) -> None:
    platform.texts.end, platform.texts.reason = task_pb2.TASK_STATE_FAILED, "FIELD_INVALID"
    assert await _post(platform, "/api/llm/rewrite", REWRITE, status=400) == {"detail": "引擎处理失败"}


async def test_a_stream_that_fails_says_so_and_ends(platform: Platform) -> None:
    platform.texts.end = task_pb2.TASK_STATE_FAILED
    body = {**REWRITE, "stream": True}
    async with platform.client.post("/api/llm/rewrite", json=body, headers=platform.bearer()) as response:
        lines = [line for line in (await response.text()).split("\n") if line.startswith("data: ")]
    assert lines[-2:] == ['data: {"detail":"引擎处理失败"}', "data: [DONE]"]


async def test_a_failed_rewrite_is_an_error(platform: Platform) -> None:
    platform.texts.end = task_pb2.TASK_STATE_FAILED
    assert await _post(platform, "/api/llm/rewrite", REWRITE, status=503) == {"detail": "引擎处理失败"}


@pytest.mark.parametrize("is_streamed", [False, True])
async def test_without_an_engine_a_rewrite_is_refused(platform: Platform, is_streamed: bool) -> None:
    platform.texts.refusals.by_method["StreamRewrite"] = UNAVAILABLE
    body = {**REWRITE, "stream": is_streamed}
    assert await _post(platform, "/api/llm/rewrite", body, status=503) == {"detail": UNAVAILABLE.message}


@pytest.mark.parametrize(
    "change", [{"text": ""}, {"mode": "wild"}, {"mode": "custom"}, {"length_ratio": 3.1}, {"length_ratio": 0.05}]
)
async def test_rewrites_that_break_a_rule(platform: Platform, change: dict[str, Any]) -> None:
    await _post(platform, "/api/llm/rewrite", {**REWRITE, **change}, status=422)
    assert platform.texts.requests == []


async def test_models(platform: Platform) -> None:
    async with platform.client.get("/api/llm/models") as response:
        reply = await response.json()
    same_shape(reply, "GET", "/api/llm/models")
    assert reply["models"] == [{"id": "quill-1", "name": "羽毛笔", "description": "写得慢"}]


async def test_a_clone_as_documented(platform: Platform) -> None:
    body = {"audio_url": SAMPLE, "prefix": "user_custom", "target_model": "sovits"}
    reply = await _post(platform, "/api/tts/voice/clone", body)
    same_shape(reply, "POST", "/api/tts/voice/clone")
    assert reply["quality"] == "approximate"
    assert reply["message"] == "音色克隆成功，目标模型 sovits 不可用，已使用 parrot-1"
    assert platform.speech.tasks.by_id[reply["task_id"]].input["file_id"] == "sample_1"


async def test_a_sample_that_is_no_good_is_the_clients_mistake(platform: Platform) -> None:
    platform.speech.clones.end, platform.speech.clones.reason = task_pb2.TASK_STATE_FAILED, "SAMPLE_TOO_SHORT"
    reply = await _post(platform, "/api/tts/voice/clone", {"audio_url": SAMPLE, "prefix": "x"}, status=400)
    assert reply["detail"] == "引擎处理失败"
    platform.speech.clones.reason = "ENGINE_FAILED"
    await _post(platform, "/api/tts/voice/clone", {"audio_url": SAMPLE, "prefix": "y"}, status=503)


async def test_a_sample_may_lie_elsewhere(platform: Platform) -> None:
    elsewhere = "https://elsewhere.example/a.wav"
    reply = await _post(platform, "/api/tts/voice/clone", {"audio_url": elsewhere, "prefix": "x"})
    given = platform.speech.tasks.by_id[reply["task_id"]].input
    assert (given["audio_url"], given["file_id"]) == (elsewhere, "")


async def test_a_clone_that_takes_long_is_told_so(platform: Platform) -> None:
    platform.speech.clones.end = task_pb2.TASK_STATE_RUNNING
    reply = await _post(platform, "/api/tts/voice/clone", {"audio_url": SAMPLE, "prefix": "x"})
    assert reply["message"] == "音色克隆任务已提交，正在处理中"
    assert reply["voice_id"].startswith("voice_")


@pytest.mark.parametrize(
    ("change", "status"),
    [
        ({"prefix": "有空格 "}, 422),
        ({"audio_url": "file:///etc/passwd"}, 400),
    ],
)
async def test_clones_that_break_a_rule(platform: Platform, change: dict[str, str], status: int) -> None:
    body = {"audio_url": SAMPLE, "prefix": "user_custom", **change}
    await _post(platform, "/api/tts/voice/clone", body, status=status)


@pytest.fixture
def voice(platform: Platform) -> voices.ClonedVoice:
    """A private voice of the user."""
    made = voices.ClonedVoice(
        id="voice_1", prefix="user_a", target_model="parrot-1", owner_user_id=platform.user.id, owner_account="testuser"
    )
    platform.speech.put_voice(made)
    return made


async def _voice(platform: Platform, user: user_pb2.User | None, *, status: int = 200) -> Any:
    headers = {} if user is None else platform.bearer(user)
    async with platform.client.get("/api/tts/voice/voice_1", headers=headers) as response:
        assert response.status == status
        return await response.json()


async def test_a_private_voice_is_its_owners(platform: Platform, voice: voices.ClonedVoice) -> None:
    await _voice(platform, None, status=404)
    for user in (platform.user, platform.admin):
        reply = await _voice(platform, user)
        same_shape(reply, "GET", "/api/tts/voice/{voice_id}")
        assert (reply["owner_user"], reply["owner_account"]) == (platform.user.id, "testuser")
    async with platform.client.get("/api/tts/voices", headers=platform.bearer()) as response:
        listed = await response.json()
    same_shape(listed, "GET", "/api/tts/voices")
    assert ([each["voice_id"] for each in listed["cloned_voices"]], listed["total_count"]) == (["voice_1"], 5)


async def test_a_public_voice_does_not_tell_whose_it_is(platform: Platform, voice: voices.ClonedVoice) -> None:
    voice.is_public = True
    reply = await _voice(platform, None)
    assert (reply["owner_user"], reply["owner_account"]) == (None, None)
    async with platform.client.get("/api/tts/voices?type=cloned&prefix=user_") as response:
        [listed] = (await response.json())["cloned_voices"]
    assert listed["owner_user"] is None


async def test_a_preset_voice_has_a_page_too(platform: Platform) -> None:
    async with platform.client.get("/api/tts/voice/zhichu") as response:
        reply = await response.json()
    same_shape(reply, "GET", "/api/tts/voice/{voice_id}", nullable=("gmt_create", "gmt_modified"))
    assert (reply["status"], reply["type"]) == ("success", "preset")


async def test_voices_are_changed_and_deleted_by_administrators(platform: Platform, voice: voices.ClonedVoice) -> None:
    admin = platform.bearer(platform.admin)
    for headers, status in ((platform.bearer(), 403), (admin, 200)):
        async with platform.client.put(
            "/api/tts/voice/voice_1", json={"audio_url": SAMPLE}, headers=headers
        ) as response:
            assert response.status == status
            reply = await response.json()
    same_shape_as_read(reply, "PUT", "/api/tts/voice/{voice_id}")
    async with platform.client.delete("/api/tts/voice/voice_1", headers=platform.bearer()) as response:
        assert response.status == 403
    async with platform.client.delete("/api/tts/voice/voice_1", headers=admin) as response:
        same_shape(await response.json(), "DELETE", "/api/tts/voice/{voice_id}")
    await _voice(platform, platform.admin, status=404)


async def test_a_render_by_ids_and_by_urls(platform: Platform) -> None:
    reply = await _post(platform, "/api/videoretalk/generate", {**IDS, "video_extension": True})
    same_shape(reply, "POST", "/api/videoretalk/generate")
    assert (reply["status"], reply["message"]) == ("PENDING", "任务已提交，正在异步处理中")
    urls = {"video_url": "/api/files/videos/video_1/download", "audio_url": "http://h/api/files/download/audio_1"}
    await _post(platform, "/api/videoretalk/generate", urls)
    by_id, by_url = platform.video.renders
    assert (by_id.is_video_extended, by_url.is_video_extended) == (True, False)
    for request in (by_id, by_url):
        assert (request.video_file_id, request.audio_file_id) == ("video_1", "audio_1")
        assert not request.HasField("ref_image_file_id")


async def test_sources_of_others_are_left_to_the_service(platform: Platform) -> None:
    body = {"video_url": "https://elsewhere.example/v.mp4", "audio_url": SAMPLE, "ref_image_url": "https://e.example/i"}
    task_id = (await _post(platform, "/api/videoretalk/generate", body))["task_id"]
    [request] = platform.video.renders
    assert (request.video_url, request.video_file_id) == ("https://elsewhere.example/v.mp4", "")
    assert (request.audio_url, request.audio_file_id) == ("", "sample_1")
    assert (request.ref_image_url, request.HasField("ref_image_file_id")) == ("https://e.example/i", False)
    async with platform.client.get(f"/api/tasks/{task_id}", headers=platform.bearer()) as response:
        assert "https://elsewhere.example/v.mp4" in await response.text()


async def test_waiting_for_a_render(platform: Platform) -> None:
    reply = await _post(platform, "/api/videoretalk/generate", {**IDS, "wait_completion": True})
    assert (reply["status"], reply["message"]) == ("SUCCEEDED", "视频生成完成")
    assert "videos_1.mp4" in reply["video_url"]


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({}, 422),
        ({"video_file_id": "v"}, 422),
        ({**IDS, "video_url": "/api/files/download/v"}, 422),
    ],
)
async def test_renders_that_break_a_rule(platform: Platform, body: dict[str, str], status: int) -> None:
    await _post(platform, "/api/videoretalk/generate", body, status=status)
    assert platform.video.renders == []


async def test_a_chroma_key_as_documented(platform: Platform) -> None:
    reply = await _post(platform, "/api/videoretalk/chroma-key", KEYING)
    same_shape(reply, "POST", "/api/videoretalk/chroma-key")
    [request] = platform.video.keyings
    assert (request.color, request.similarity, request.blend) == ("green", 0.4, 0.1)


async def test_sources_of_a_chroma_key_by_url(platform: Platform) -> None:
    body = {"video_url": "http://h/api/files/download/video_1", "background_image_url": "https://e.example/beach.png"}
    task_id = (await _post(platform, "/api/videoretalk/chroma-key", body))["task_id"]
    [request] = platform.video.keyings
    assert (request.video_file_id, request.video_url) == ("video_1", "")
    assert (request.background_file_id, request.background_url) == ("", "https://e.example/beach.png")
    assert (request.color, request.similarity, request.blend) == ("green", 0.4, 0.1)
    async with platform.client.get(f"/api/tasks/{task_id}", headers=platform.bearer()) as response:
        given = (await response.json())["input_data"]
    assert given["background_image_url"] == "https://e.example/beach.png"
    assert "video_url" not in given


@pytest.mark.parametrize(
    "change",
    [
        {"chroma_key_color": "red"},
        {"chroma_key_similarity": 1.1},
        {"chroma_key_blend": -0.1},
        {"video_file_id": None},
        {"background_image_file_id": None},
        {"video_url": "https://e.example/v.mp4"},
        {"background_image_url": "https://e.example/b.png"},
    ],
)
async def test_chroma_keys_that_break_a_rule(platform: Platform, change: dict[str, Any]) -> None:
    await _post(platform, "/api/videoretalk/chroma-key", {**KEYING, **change}, status=422)


async def test_tasks_of_video_are_listed_and_deleted(platform: Platform) -> None:
    for _ in range(3):
        task_id = (await _post(platform, "/api/videoretalk/generate", IDS))["task_id"]
    async with platform.client.get("/api/videoretalk/tasks?limit=2&offset=1", headers=platform.bearer()) as response:
        reply = await response.json()
    same_shape(reply, "GET", "/api/videoretalk/tasks")
    assert (len(reply["tasks"]), reply["total"], reply["limit"], reply["offset"]) == (2, 3, 2, 1)
    assert reply["tasks"][0]["status"] == "SUCCEEDED"
    path = f"/api/videoretalk/task/{task_id}"
    async with platform.client.delete(path, headers=platform.bearer(platform.admin)) as response:
        assert response.status == 404
    async with platform.client.delete(path, headers=platform.bearer()) as response:
        reply = await response.json()
    same_shape(reply, "DELETE", "/api/videoretalk/task/{task_id}")
    assert reply == {"message": f"任务 {task_id} 已删除"}
    assert task_id not in platform.video_tasks.by_id


async def test_a_link_as_documented(platform: Platform) -> None:
    body = {"url": "https://v.douyin.com/iXxxxxx/"}
    async with platform.client.post("/api/video/parse", json=body) as response:
        reply = await response.json()
    same_shape(reply, "POST", "/api/video/parse")
    assert (response.status, reply["code"], reply["msg"]) == (200, 200, "解析成功")


async def test_a_link_to_images(platform: Platform) -> None:
    async with platform.client.post("/api/video/parse", json={"url": "https://v.douyin.com/images/"}) as response:
        found = (await response.json())["data"]
    assert (found["video_url"], found["images"]) == (
        "",
        [
            {"url": "https://cdn.example/1.jpg", "live_photo_url": "https://cdn.example/1.mp4"},
            {"url": "https://cdn.example/2.jpg", "live_photo_url": ""},
        ],
    )


async def test_platforms_of_links_as_administrators_see_them(platform: Platform) -> None:
    headers = platform.bearer(platform.admin)
    async with platform.client.get("/api/system/link-platforms", headers=headers) as response:
        assert response.status == 200
        asked, unasked = (await response.json())["platforms"]
    assert asked == {
        "platform": "douyin",
        "name": "抖音",
        "status": "changed",
        "counts": {"read": 3, "changed": 1},
        "last_success_at": "2026-01-01T12:00:00",
        "changed_ways": ["details"],
        "paused_seconds": 2,
    }
    assert (unasked["status"], unasked["counts"], unasked["last_success_at"]) == ("unknown", {}, None)


async def test_links_have_a_budget_for_each_address_in_their_own_envelope(tmp_path: Path) -> None:
    async with open_platform(tmp_path, rates=RateSettings(links_per_s=0.2), trusted_proxies=1) as platform:

        async def parse(address: str, headers: dict[str, str]) -> tuple[int, Any, str | None]:
            asked = {**headers, "X-Forwarded-For": address}
            body = {"url": "https://v.douyin.com/x/"}
            async with platform.client.post("/api/video/parse", json=body, headers=asked) as response:
                return response.status, await response.json(), response.headers.get("Retry-After")

        statuses = [(await parse("192.0.2.1", headers))[0] for headers in ({}, platform.bearer())]
        assert statuses == [200, 200]
        # Another account at the same address has no budget of its own.
        status, reply, retry_after = await parse("192.0.2.1", platform.bearer(platform.admin))
        assert (status, retry_after) == (429, "5")
        assert (reply["code"], reply["msg"], reply["data"]) == (429, "请求过于频繁，请稍后重试", None)
        assert reply["reason"] == "too_many_requests"
        assert (await parse("192.0.2.2", {}))[0] == 200


@pytest.mark.parametrize(
    ("body", "status", "message", "reason"),
    [
        (b'{"url": "https://example.com/"}', 400, "暂不支持该平台的视频链接", "link_unsupported"),
        (b'{"url": ""}', 422, "参数 url 不能少于 1 个字符", "request_malformed"),
        (b"{}", 422, "缺少参数 url", "request_malformed"),
        (b"nonsense", 422, "请求体不是有效的 JSON", "request_malformed"),
    ],
)
async def test_links_keep_their_envelope_in_every_outcome(
    platform: Platform, body: bytes, status: int, message: str, reason: str
) -> None:
    async with platform.client.post("/api/video/parse", data=body) as response:
        reply = await response.json()
    assert response.status == status
    assert len(reply.pop("timestamp")) == len("2026-01-01T10:00:00")
    assert reply == {"code": status, "msg": message, "data": None, "reason": reason}


async def test_links_keep_their_envelope_for_another_method_and_a_lost_engine(platform: Platform) -> None:
    async with platform.client.get("/api/video/parse/") as response:
        assert (response.status, (await response.json())["code"]) == (405, 405)
    platform.video.refusals.by_method["ParseLink"] = UNAVAILABLE
    async with platform.client.post("/api/video/parse", json={"url": "https://v.douyin.com/x"}) as response:
        reply = await response.json()
    assert (response.status, reply["code"], reply["msg"]) == (503, 503, UNAVAILABLE.message)


@pytest.mark.parametrize(
    ("url", "base_url", "file_id"),
    [
        ("/api/files/download/a.wav?storage_type=temp", "https://dub.example", "a.wav"),
        ("https://dub.example/api/files/audio/a.wav/download", "https://dub.example", "a.wav"),
        ("http://localhost:8000/api/files/audio/a/download", "", "a"),
        ("https://dub.example/api/files/download/%E5%A3%B0.wav", "", "声.wav"),
        ("https://elsewhere.example/api/files/download/a.wav", "https://dub.example", None),
        ("https://dub.example/api/files/download/a/b", "https://dub.example", None),
        ("ftp://dub.example/api/files/download/a", "", None),
        ("http://[broken/api/files/download/a", "", None),
        ("a.wav", "", None),
    ],
)
def test_own_urls(url: str, base_url: str, file_id: str | None) -> None:
    assert file_id_of(url, base_url) == file_id


async def test_who_may_call_what(platform: Platform) -> None:
    for endpoint in (
        *voices_endpoints.ENDPOINTS,
        *recognition_endpoints.ENDPOINTS,
        *llm_endpoints.ENDPOINTS,
        *videoretalk_endpoints.ENDPOINTS,
        *tasks_endpoints.ENDPOINTS,
    ):
        path = re.sub(r"\{\w+\}", "task_1", endpoint.path)
        refused = {Access.PUBLIC: (), Access.USER: ({},), Access.ADMIN: ({}, platform.bearer())}[endpoint.access]
        for headers in refused:
            async with platform.client.request(endpoint.method, path, headers=headers) as response:
                assert response.status == (403 if headers else 401), f"{endpoint.method} {path}"
