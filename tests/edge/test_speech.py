"""Synthesis, voices, audio facts and tasks."""

from __future__ import annotations

import pytest

from kit.errors import InsufficientCredits
from tests.edge.golden import same_shape
from tests.edge.platform import Platform
from voxreel.files.v1 import file_service_pb2 as files
from voxreel.task.v1 import task_pb2

TEXT = {"text": "要合成的文本内容", "voice": "zhichu"}
UUID = "0b7f3a52-6b1c-4d6e-9a51-3c7c2b1d9e10"


async def test_synthesis_is_accepted_as_documented(platform: Platform) -> None:
    body = {**TEXT, "format": "mp3", "volume": 80, "speech_rate": 1.5, "pitch_rate": 0.5}
    async with platform.client.post("/api/tts/synthesize", json=body, headers=platform.bearer()) as response:
        reply = await response.json()
    assert response.status == 200
    same_shape(reply, "POST", "/api/tts/synthesize")
    assert reply["status"] == "processing"
    ((request, task_id),) = platform.speech.accepted.values()
    assert reply["task_id"] == task_id
    assert (request.format, request.volume, request.speech_rate, request.pitch_rate) == ("mp3", 80, 1.5, 0.5)


async def test_a_repeated_key_is_one_task_per_user(platform: Platform) -> None:
    task_ids = []
    for user in (platform.user, platform.user, platform.admin):
        headers = {**platform.bearer(user), "Idempotency-Key": "k"}
        async with platform.client.post("/api/tts/synthesize", json=TEXT, headers=headers) as response:
            task_ids.append((await response.json())["task_id"])
    assert task_ids[0] == task_ids[1] != task_ids[2]


@pytest.mark.parametrize("key", ["x" * 129, "two words", "键"])
async def test_a_key_of_other_characters_is_refused(platform: Platform, key: str) -> None:
    headers = {**platform.bearer(), "Idempotency-Key": key}
    async with platform.client.post("/api/tts/synthesize", json=TEXT, headers=headers) as response:
        assert response.status == 422
    assert platform.speech.accepted == {}


async def test_too_little_credit(platform: Platform) -> None:
    platform.speech.refusals.by_method["CreateSynthesis"] = InsufficientCredits(required=10, available=3)
    async with platform.client.post("/api/tts/synthesize", json=TEXT, headers=platform.bearer()) as response:
        assert response.status == 402
        assert (await response.json())["detail"].startswith("积分不足")


async def test_unknown_voice(platform: Platform) -> None:
    body = {**TEXT, "voice": "nobody"}
    async with platform.client.post("/api/tts/synthesize", json=body, headers=platform.bearer()) as response:
        assert (response.status, await response.json()) == (400, {"detail": "音色不存在: nobody"})


@pytest.mark.parametrize(
    ("query", "female", "total"), [("", 2, 4), ("?type=preset", 2, 4), ("?type=cloned&prefix=user_", 0, 0)]
)
async def test_voices(platform: Platform, query: str, female: int, total: int) -> None:
    async with platform.client.get("/api/tts/voices" + query) as response:
        reply = await response.json()
    same_shape(reply, "GET", "/api/tts/voices")
    assert len(reply["preset_voices"]["female"]) == female
    assert (reply["cloned_voices"], reply["total_count"]) == ([], total)


async def test_audio_info(platform: Platform) -> None:
    file = files.File(
        id="tts_audio_1.wav", user_id=platform.user.id, file_type="audio", size_bytes=2621440, content_type="audio/wav"
    )
    platform.files.put(file, "blob")
    async with platform.client.get("/api/tts/info/tts_audio_1.wav", headers=platform.bearer()) as response:
        reply = await response.json()
    same_shape(reply, "GET", "/api/tts/info/{file_id}")
    assert (reply["file_size"], reply["file_size_mb"], reply["format"]) == (2621440, 2.5, "wav")


async def test_audio_info_is_for_audio_only(platform: Platform) -> None:
    file = files.File(
        id="backgrounds_1.png", user_id=platform.user.id, file_type="backgrounds", content_type="image/png"
    )
    platform.files.put(file, "blob")
    async with platform.client.get("/api/tts/info/backgrounds_1.png", headers=platform.bearer()) as response:
        assert response.status == 404


async def test_a_finished_synthesis(platform: Platform) -> None:
    task = _task("tts_1", task_pb2.TASK_KIND_TTS, task_pb2.TASK_STATE_SUCCEEDED)
    task.output.update({"file_id": "tts_audio_1.wav", "file_size_bytes": 2621440, "format": "wav", "duration_ms": 900})
    task.input.update({"text": "geheim"})
    task.user_id = platform.user.id
    platform.speech.tasks.put(task)
    async with platform.client.get("/api/task/tts_1") as response:
        text = await response.text()
        reply = await response.json()
    same_shape(reply, "GET", "/api/task/{task_id}")
    assert (reply["status"], reply["result"]["file_size_mb"]) == ("completed", 2.5)
    assert (reply["created_at"], reply["completed_at"]) == ("2026-01-01T20:00:00", "2026-01-01T20:01:30")
    assert "geheim" not in text


@pytest.mark.parametrize("state", [task_pb2.TASK_STATE_NEW, task_pb2.TASK_STATE_QUEUED, task_pb2.TASK_STATE_RUNNING])
async def test_an_unfinished_synthesis(platform: Platform, state: task_pb2.TaskState.ValueType) -> None:
    platform.speech.tasks.put(_task("tts_1", task_pb2.TASK_KIND_TTS, state))
    async with platform.client.get("/api/task/tts_1") as response:
        reply = await response.json()
    same_shape(reply, "GET", "/api/task/{task_id}", nullable=("result", "completed_at"))
    assert (reply["status"], reply["result"], reply["completed_at"]) == ("processing", None, None)
    assert "error" not in reply


async def test_a_failed_synthesis_says_why(platform: Platform) -> None:
    task = _task("tts_1", task_pb2.TASK_KIND_TTS, task_pb2.TASK_STATE_FAILED)
    task.error_message = "语音合成失败"
    platform.speech.tasks.put(task)
    async with platform.client.get("/api/task/tts_1") as response:
        reply = await response.json()
    assert (reply["status"], reply["error"]) == ("failed", "语音合成失败")


@pytest.mark.parametrize(
    ("state", "status"),
    [
        (task_pb2.TASK_STATE_QUEUED, "PENDING"),
        (task_pb2.TASK_STATE_RUNNING, "RUNNING"),
        (task_pb2.TASK_STATE_SUCCEEDED, "SUCCEEDED"),
        (task_pb2.TASK_STATE_FAILED, "FAILED"),
        (task_pb2.TASK_STATE_CANCELLED, "FAILED"),
    ],
)
async def test_video_tasks_are_asked_of_video(
    platform: Platform, state: task_pb2.TaskState.ValueType, status: str
) -> None:
    task = _task(UUID, task_pb2.TASK_KIND_CHROMA_KEY, state)
    task.output.update({"file_id": "videos_1.mp4"})
    platform.video_tasks.put(task)
    async with platform.client.get(f"/api/task/{UUID}") as response:
        reply = await response.json()
    same_shape(reply, "GET", "/api/task/{task_id}", example=1, nullable=("completed_at", "video_url"))
    assert reply["status"] == status


@pytest.mark.parametrize("task_id", ["tts_missing", UUID, "nonsense", "0B7F3A526B1C4D6E9A513C7C2B1D9E10"])
async def test_unknown_tasks(platform: Platform, task_id: str) -> None:
    async with platform.client.get(f"/api/task/{task_id}") as response:
        assert (response.status, await response.json()) == (404, {"detail": f"任务不存在: {task_id}"})


def _task(task_id: str, kind: task_pb2.TaskKind.ValueType, state: task_pb2.TaskState.ValueType) -> task_pb2.Task:
    task = task_pb2.Task(id=task_id, kind=kind, state=state)
    task.create_time.FromJsonString("2026-01-01T12:00:00Z")
    terminal = (task_pb2.TASK_STATE_SUCCEEDED, task_pb2.TASK_STATE_FAILED, task_pb2.TASK_STATE_CANCELLED)
    if state in terminal:
        task.finish_time.FromJsonString("2026-01-01T12:01:30Z")
    return task
