"""Synthesis of the dubbing document: a piece while the client waits, and recordings that show emotions."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from aiohttp import FormData

from edge.contract.reader import documented_endpoints
from edge.dubbing_api.handlers import synthesis
from kit.errors import InsufficientCredits, Invalid, NotFound
from kit.rpc.policy import rule_for
from tests.edge.golden import same_shape
from tests.edge.platform import Platform
from tests.fakes.servicers_synthesis import OUTPUT
from tests.polling import eventually
from voxreel.common.v1 import error_reason_pb2 as reasons
from voxreel.task.v1 import task_pb2

GENERATE, UPLOAD = "/api/synthesis/generate", "/api/synthesis/upload-emotion-reference"
ORDER: dict[str, Any] = {"text_content": "今天天气真好", "voice_template_id": 1, "emo_control_method": 0}


async def _generate(platform: Platform, body: Any, *, key: str | None = None) -> tuple[int, Any]:
    headers = platform.bearer() | ({} if key is None else {"Idempotency-Key": key})
    async with platform.client.post(GENERATE, json=body, headers=headers) as response:
        return response.status, await response.json()


async def _upload(platform: Platform, content: bytes, content_type: str = "audio/mpeg") -> tuple[int, Any]:
    form = FormData()
    form.add_field("audio_file", content, filename="愤怒.mp3", content_type=content_type)
    async with platform.client.post(UPLOAD, data=form, headers=platform.bearer()) as response:
        return response.status, await response.json()


async def test_the_documented_requests(platform: Platform) -> None:
    bodies: list[Any] = list(documented_endpoints()[("POST", GENERATE)].request_examples)
    assert len(bodies) == 4
    for body in bodies:
        platform.dubbings.accepted.clear()
        status, reply = await _generate(platform, body)
        assert status == 201
        same_shape(reply, "POST", "/api/synthesis/generate")
        assert (reply["data"]["emo_vec_used"] is None) == (body["emo_control_method"] in (0, 1))
        ((request, _task),) = platform.dubbings.accepted.values()
        assert (request.text, request.emotion.method) == (body["text_content"], body["emo_control_method"])
        assert list(request.emotion.vector) == body.get("emo_vec", [])
        assert request.emotion.HasField("reference") == ("emo_audio" in body)
        assert (request.speed, request.max_tokens) == (body["speed"], body.get("max_text_tokens_per_sentence", 120))


async def test_the_piece_and_how_it_was_made(platform: Platform) -> None:
    _, reply = await _generate(platform, {**ORDER, "emo_control_method": 2, "emo_vec": [0, 0.8, 0, 0, 0, 0, 0, 0]})
    data = reply["data"]
    assert reply["message"] == "success"
    assert (data["id"], data["file_size"], data["duration"], data["credits_used"]) == (1001, 20480, 1.5, 6)
    assert (data["quality"], data["engine"], data["emo_weight_used"]) == ("approximate", "kokoro", 1)
    assert data["emo_vec_used"] == [0, 0.8, 0, 0, 0, 0, 0, 0]
    assert data["segments"] == [
        {"text": "今天", "start_ms": 0, "end_ms": 500, "words": [{"text": "今天", "start_ms": 80, "end_ms": 420}]},
        {"text": "天气真好", "start_ms": 500, "end_ms": 1500},
    ]
    assert data["audio_url"] == "/api/files/download/signed-tts_audio_1001.mp3"


async def test_a_repeat_under_a_key_is_the_same_piece(platform: Platform) -> None:
    first = await _generate(platform, ORDER, key="k")
    again = await _generate(platform, ORDER, key="k")
    assert again[0] == 201
    assert first[1]["data"]["id"] == again[1]["data"]["id"]
    status, reply = await _generate(platform, {**ORDER, "speed": 1.5}, key="k")
    assert (status, reply["data"]) == (400, None)


BROKEN: tuple[tuple[dict[str, Any], str], ...] = (
    ({"emo_vec": [0.1] * 9}, "emo_vec must be 8 numbers between 0 and 1"),
    ({"emo_vec": ["0.1"] * 8}, "emo_vec must be 8 numbers between 0 and 1"),
    ({"emo_vec": [True] * 8}, "emo_vec must be 8 numbers between 0 and 1"),
    ({"emo_vec": [-0.1] * 8}, "emo_vec must be 8 numbers between 0 and 1"),
    ({"emo_vec": [1.1] * 8}, "emo_vec must be 8 numbers between 0 and 1"),
    ({"emo_vec": "0.1"}, "emo_vec must be 8 numbers between 0 and 1"),
    ({"emo_control_method": 4}, "参数 emo_control_method 只能是 0、1、2、3"),
    ({"emo_weight": 1.7}, "参数 emo_weight 不能大于 1.6"),
    ({"emo_weight": "1"}, "参数 emo_weight 必须是数字"),
    ({"speed": 0.4}, "参数 speed 不能小于 0.5"),
    ({"volume_scale": 2.1}, "参数 volume_scale 不能大于 2.0"),
    ({"max_text_tokens_per_sentence": 201}, "参数 max_text_tokens_per_sentence 不能大于 200"),
    ({"max_text_tokens_per_sentence": 20.5}, "参数 max_text_tokens_per_sentence 必须是整数"),
    ({"text_content": ""}, "参数 text_content 不能少于 1 个字符"),
    ({"text_content": "好" * 501}, "参数 text_content 不能超过 500 个字符"),
    ({"text_content": None}, "参数 text_content 必须是字符串"),
    ({"emo_text": "好" * 501}, "参数 emo_text 不能超过 500 个字符"),
)


async def test_what_breaks_the_form(platform: Platform) -> None:
    for changes, message in BROKEN:
        status, reply = await _generate(platform, {**ORDER, **changes})
        assert (status, reply) == (400, {"code": 400, "message": message, "data": None})
    assert not platform.dubbings.accepted


async def test_numbers_that_are_none(platform: Platform) -> None:
    headers = platform.bearer() | {"Content-Type": "application/json"}
    for number in ("NaN", "Infinity", "1e999"):
        body = f'{{"text_content": "好", "voice_template_id": 1, "emo_control_method": 2, "emo_vec": [{number}]}}'
        async with platform.client.post(GENERATE, data=body, headers=headers) as response:
            assert response.status == 400
            assert (await response.json())["data"] is None
    assert not platform.dubbings.accepted


async def test_the_documented_refusals(platform: Platform) -> None:
    for message in (
        "Must specify either voice_template_id or custom_voice_id",
        "emo_audio is required when emo_control_method=1",
    ):
        refusal = Invalid(reasons.ERROR_REASON_FIELD_INVALID, message)
        platform.dubbings.refusals.by_method["CreateDubbing"] = refusal
        assert await _generate(platform, ORDER) == (400, {"code": 400, "message": message, "data": None})
    platform.dubbings.refusals.by_method["CreateDubbing"] = InsufficientCredits(required=50, available=30)
    message = "Insufficient credits. Required: 50, Available: 30"
    assert await _generate(platform, ORDER) == (402, {"code": 402, "message": message, "data": None})


async def test_what_is_not_there(platform: Platform) -> None:
    message = "Emotion reference audio not found or access denied"
    refusal = NotFound(reasons.ERROR_REASON_EMOTION_REFERENCE_NOT_FOUND, message)
    platform.dubbings.refusals.by_method["CreateDubbing"] = refusal
    assert await _generate(platform, ORDER) == (404, {"code": 404, "message": message, "data": None})


async def test_what_failed_is_told(platform: Platform) -> None:
    platform.dubbings.end = task_pb2.TASK_STATE_FAILED
    assert await _generate(platform, ORDER) == (400, {"code": 400, "message": "引擎处理失败", "data": None})


async def test_what_takes_too_long_is_cancelled(platform: Platform, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(synthesis, "LONGEST_WAIT_S", 0.05)
    platform.dubbings.end = task_pb2.TASK_STATE_RUNNING
    status, reply = await _generate(platform, ORDER)
    assert (status, reply["code"], reply["data"]) == (500, 500, None)
    ((_request, task),) = platform.dubbings.accepted.values()
    assert platform.speech.tasks.by_id[task.id].state == task_pb2.TASK_STATE_CANCELLED
    status, reply = await _generate(platform, ORDER)
    assert status == 500


async def test_what_succeeded_in_the_last_moment_is_answered(
    platform: Platform, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(synthesis, "LONGEST_WAIT_S", 0.05)
    platform.dubbings.end = task_pb2.TASK_STATE_RUNNING

    def succeed(task: task_pb2.Task) -> None:
        ((user_id, _key), (order, _task)) = next(iter(platform.dubbings.accepted.items()))
        task.state = task_pb2.TASK_STATE_SUCCEEDED
        task.output.update(OUTPUT)
        platform.dubbings.add_piece(user_id, 1001, order)

    platform.speech.tasks.before_update = succeed
    status, reply = await _generate(platform, ORDER)
    assert (status, reply["data"]["id"]) == (201, 1001)


async def _hang_up(platform: Platform, *, key: str | None = None) -> task_pb2.Task:
    """Leaves while the piece is being spoken; answers its task."""
    tasks = platform.speech.tasks
    platform.dubbings.end, tasks.is_slow = task_pb2.TASK_STATE_RUNNING, True
    asking = asyncio.create_task(_generate(platform, ORDER, key=key))
    await eventually(lambda: tasks.watchers == 1, within_s=60)
    asking.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asking
    await eventually(lambda: tasks.watchers == 0, within_s=60)
    tasks.is_slow = False
    ((_order, task),) = platform.dubbings.accepted.values()
    return platform.speech.tasks.by_id[task.id]


async def test_who_hangs_up_has_cancelled(platform: Platform) -> None:
    task = await _hang_up(platform)
    await eventually(lambda: task.state == task_pb2.TASK_STATE_CANCELLED, within_s=60)


async def test_who_may_return_finds_the_piece(platform: Platform) -> None:
    task = await _hang_up(platform, key="mine")
    updated: list[task_pb2.Task] = []
    platform.speech.tasks.before_update = updated.append
    ((user_id, _key), (order, _task)) = next(iter(platform.dubbings.accepted.items()))
    task.state = task_pb2.TASK_STATE_SUCCEEDED
    task.output.update(OUTPUT)
    platform.dubbings.add_piece(user_id, 1001, order)
    status, reply = await _generate(platform, ORDER, key="mine")
    assert (status, reply["data"]["id"], updated) == (201, 1001, [])


async def test_the_users_own_cancelling_is_told(platform: Platform) -> None:
    platform.dubbings.end = task_pb2.TASK_STATE_CANCELLED
    assert await _generate(platform, ORDER) == (400, {"code": 400, "message": "任务已取消", "data": None})


async def test_a_recording_that_shows_an_emotion(platform: Platform) -> None:
    status, reply = await _upload(platform, b"angry")
    assert (status, reply["message"]) == (200, "Emotion reference uploaded successfully")
    same_shape(reply, "POST", "/api/synthesis/upload-emotion-reference")
    data = reply["data"]
    assert data["emo_audio_identifier"] == data["emo_audio"]
    assert (data["file_size"], data["is_duplicate"]) == (5, False)
    assert data["delivery"] == {
        "median_hz": 219.5,
        "range_semitones": 9.4,
        "level_db": -20.0,
        "syllables_per_s": 4.57,
    }
    assert (await _upload(platform, b"angry"))[1]["data"]["is_duplicate"] is True


async def test_what_is_no_recording(platform: Platform) -> None:
    documented = {"code": 400, "message": "File must be an audio file", "data": None}
    assert await _upload(platform, b"<html>", "text/html") == (400, documented)
    refusal = Invalid(reasons.ERROR_REASON_AUDIO_INVALID, "File must be an audio file")
    platform.dubbings.refusals.by_method["CreateEmotionReference"] = refusal
    assert await _upload(platform, b"no sound") == (400, documented)


async def test_without_a_login(platform: Platform) -> None:
    for path in (GENERATE, UPLOAD):
        async with platform.client.post(path, json=ORDER) as response:
            assert (response.status, (await response.json())["code"]) == (401, 401)


def test_watching_a_task_may_last_as_long_as_a_client_waits_for_its_sound() -> None:
    """What a handler asks for is cut to what the method allows."""
    assert rule_for("/voxreel.task.v1.TaskService/WatchTask").timeout_s > synthesis.LONGEST_WAIT_S
