"""From a queued task to audio in the user's files."""

from __future__ import annotations

import asyncio
import io
import wave

import pytest
from google.protobuf.json_format import MessageToDict

from kit.errors import TooLarge, Unavailable
from services.speech.engines.errors import EngineFailed, EngineUnavailable, NothingToSpeak, TextTooLong, UnknownVoice
from tests.rpc.speech.conftest import World
from voxreel.common.v1 import error_reason_pb2 as reasons
from voxreel.speech.v1 import synthesis_service_pb2 as messages
from voxreel.task.v1 import task_pb2
from voxreel.task.v1.task_service_pb2 import GetTaskRequest, WatchTaskRequest


async def _create(world: World, text: str = "你好，世界。") -> str:
    request = messages.CreateSynthesisRequest(
        request_id="r-1", text=text, voice="zhiwei", volume=80, speech_rate=1.5, pitch_rate=0.8
    )
    with world.user(7):
        return (await world.syntheses.CreateSynthesis(request)).task.id


async def _task(world: World, task_id: str) -> task_pb2.Task:
    return (await world.tasks.GetTask(GetTaskRequest(task_id=task_id))).task


async def test_the_audio_is_stored_and_named_in_the_output(world: World) -> None:
    task_id = await _create(world)
    await world.work()
    task = await _task(world, task_id)
    header, content = world.audio_store.stored[(7, task_id)]
    assert task.state == task_pb2.TASK_STATE_SUCCEEDED
    assert MessageToDict(task.output) == {
        "file_id": f"tts_audio_7_{task_id}.wav",
        "file_size_bytes": len(content),
        "format": "wav",
        "duration_ms": 300,
        "sample_rate": 24_000,
        "engine": "kokoro",
        "model": "fake-model",
        "quality": "native",
        "sentences": [{"begin_ms": 0, "end_ms": 300}],
    }
    assert (header.file_type, header.id_prefix, header.original_name) == ("audio", "tts_audio", "zhiwei.wav")
    with wave.open(io.BytesIO(content)) as audio:
        assert audio.getnframes() == 7200


async def test_only_the_owner_and_administrators_read_in_the_result_what_was_asked_for(world: World) -> None:
    task_id = await _create(world)
    await world.work()
    shown = []
    for user_id, is_admin in ((7, False), (1, True), (8, False)):
        with world.user(user_id, is_admin=is_admin):
            shown.append(MessageToDict((await _task(world, task_id)).output)["sentences"])
    times = {"begin_ms": 0, "end_ms": 300}
    word = {**times, "text": (await _input(world, task_id))["text"]}
    whole = [{**word, "words": [word]}]
    assert shown == [whole, whole, [times]]


async def _input(world: World, task_id: str) -> dict[str, str]:
    with world.user():
        return MessageToDict((await _task(world, task_id)).input)


async def test_the_engine_gets_what_was_asked(world: World) -> None:
    task_id = await _create(world)
    await world.work()
    request = world.synthesizer.requests[0]
    assert (request.text, request.voice, request.volume) == ("你好，世界。", "zhiwei", 80)
    assert (request.speech_rate, request.pitch_rate, request.content_id) == (1.5, 0.8, task_id)


async def test_a_task_is_hidden_from_strangers_but_its_result_is_not(world: World) -> None:
    task_id = await _create(world)
    await world.work()
    anonymous = await _task(world, task_id)
    with world.user(8):
        stranger = await _task(world, task_id)
    with world.user(7):
        owner = await _task(world, task_id)
    for seen in (anonymous, stranger):
        assert not seen.HasField("user_id")
        assert not seen.HasField("input")
        assert seen.output["file_id"]
    assert owner.input["text"] == "你好，世界。"


async def test_a_watcher_sees_the_end(world: World) -> None:
    task_id = await _create(world)

    async def watch() -> list[task_pb2.TaskState.ValueType]:
        return [seen.task.state async for seen in world.tasks.WatchTask(WatchTaskRequest(task_id=task_id))]

    watching = asyncio.create_task(watch())
    await world.work()
    states = await asyncio.wait_for(watching, 10)
    assert states[-1] == task_pb2.TASK_STATE_SUCCEEDED


@pytest.mark.parametrize(
    ("failure", "reason"),
    [
        (NothingToSpeak(), "TEXT_NOT_SPEAKABLE"),
        (UnknownVoice("zhiwei"), "VOICE_UNKNOWN"),
        (TextTooLong(10, 20), "FIELD_INVALID"),
        (EngineUnavailable("kokoro", "private detail"), "ENGINE_UNAVAILABLE"),
    ],
)
async def test_what_an_engine_refuses_fails_the_task_at_once(world: World, failure: Exception, reason: str) -> None:
    world.synthesizer.failures = [failure]
    task_id = await _create(world)
    await world.work()
    task = await _task(world, task_id)
    assert (task.state, task.error_reason) == (task_pb2.TASK_STATE_FAILED, reason)
    assert task.error_message
    assert "private" not in task.error_message
    assert len(world.synthesizer.requests) == 1


async def test_a_broken_engine_gets_another_attempt(world: World) -> None:
    world.synthesizer.failures = [EngineFailed("kokoro", "worker ended with code -9")]
    task_id = await _create(world)
    await world.work()
    assert (await _task(world, task_id)).state == task_pb2.TASK_STATE_QUEUED
    world.clock.advance(120)
    await world.work()
    assert (await _task(world, task_id)).state == task_pb2.TASK_STATE_SUCCEEDED


async def test_a_broken_engine_is_given_up_after_its_last_attempt(world: World) -> None:
    world.synthesizer.failures = [EngineFailed("kokoro", "private detail")] * 20
    task_id = await _create(world)
    for _ in range(8):
        await world.work()
        world.clock.advance(300)
    task = await _task(world, task_id)
    assert (task.state, task.error_reason) == (task_pb2.TASK_STATE_FAILED, "ATTEMPTS_EXHAUSTED")
    assert "private" not in task.error_message
    assert len(world.synthesizer.requests) == 5


async def test_files_being_away_costs_an_attempt_and_not_the_task(world: World) -> None:
    away = Unavailable(reasons.ERROR_REASON_SERVICE_UNAVAILABLE, "服务暂不可用")
    world.audio_store.failures = [away]
    task_id = await _create(world)
    await world.work()
    assert (await _task(world, task_id)).state == task_pb2.TASK_STATE_QUEUED
    world.clock.advance(120)
    await world.work()
    assert (await _task(world, task_id)).state == task_pb2.TASK_STATE_SUCCEEDED
    assert len(world.audio_store.stored) == 1


async def test_audio_that_files_refuses_fails_the_task(world: World) -> None:
    refusal = TooLarge(reasons.ERROR_REASON_FILE_TOO_LARGE, "文件过大", metadata={"limit_bytes": "1"})
    world.audio_store.failures = [refusal]
    task_id = await _create(world)
    await world.work()
    task = await _task(world, task_id)
    assert (task.state, task.error_reason) == (task_pb2.TASK_STATE_FAILED, "FILE_TOO_LARGE")
