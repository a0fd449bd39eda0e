"""Tasks of both owners as one list, their detail, changes, deletion and statistics."""

from __future__ import annotations

import random
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import pytest_asyncio

from tests.edge.golden import same_shape, same_shape_as_read
from tests.edge.platform import Platform, open_platform
from voxreel.auth.v1 import user_pb2
from voxreel.task.v1 import task_pb2

START = datetime(2026, 1, 1, 12, 0, tzinfo=UTC)
SPEECH_KINDS = (task_pb2.TASK_KIND_TTS, task_pb2.TASK_KIND_ASR, task_pb2.TASK_KIND_VOICE_CLONE, task_pb2.TASK_KIND_LLM)
VIDEO_KINDS = (task_pb2.TASK_KIND_VIDEO, task_pb2.TASK_KIND_CHROMA_KEY)
NULLABLE = ("output_data", "error_message", "completed_at")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def shared(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Platform]:
    """One platform for the tests that only read."""
    async with open_platform(tmp_path_factory.mktemp("tasks")) as opened:
        _fill(opened, random.Random(20), count=400)
        yield opened


def _task(number: int, kind: task_pb2.TaskKind.ValueType, *, user_id: int, moment: datetime) -> task_pb2.Task:
    is_video = kind in VIDEO_KINDS
    task_id = f"00000000-0000-4000-8000-{number:012x}" if is_video else f"task_{number:04}"
    task = task_pb2.Task(id=task_id, kind=kind, state=task_pb2.TASK_STATE_QUEUED, user_id=user_id, stage="queued")
    task.create_time.FromDatetime(moment)
    task.update_time.FromDatetime(moment)
    if not is_video:
        task.input.update({"text": "这是测试内容", "voice": "zhichu", "volume": 50})
    return task


def _fill(platform: Platform, chance: random.Random, *, count: int) -> None:
    """Tasks of several users and kinds; many were made in the same moment."""
    for number in range(count):
        kind = chance.choice(SPEECH_KINDS + VIDEO_KINDS)
        moment = START + timedelta(seconds=chance.randrange(60), microseconds=chance.choice((0, 1)))
        user_id = chance.choice((platform.user.id, platform.user.id, platform.admin.id, 99))
        task = _task(number, kind, user_id=user_id, moment=moment)
        task.state = chance.choice([state for state in task_pb2.TaskState.values() if state])
        (platform.video_tasks if kind in VIDEO_KINDS else platform.speech.tasks).put(task)


def _all(platform: Platform) -> list[task_pb2.Task]:
    """The model: every task, in the order of the list."""
    tasks = [*platform.speech.tasks.by_id.values(), *platform.video_tasks.by_id.values()]
    return sorted(tasks, key=lambda task: (task.create_time.ToNanoseconds(), task.id), reverse=True)


async def _get(platform: Platform, path: str, user: user_pb2.User | None = None, *, status: int = 200) -> Any:
    async with platform.client.get(path, headers=platform.bearer(user)) as response:
        reply = await response.json()
        assert response.status == status, reply
        return reply


@pytest.mark.asyncio(loop_scope="module")
@pytest.mark.parametrize("size", [1, 7, 20, 100])
async def test_pages_are_those_of_the_model(shared: Platform, size: int) -> None:
    expected = [task.id for task in _all(shared)]
    pages = range(1, len(expected) // size + 3) if size > 1 else (1, 2, 150, 250, 399, 400, 401)
    for page in pages:
        reply = await _get(shared, f"/api/tasks/admin/all?page={page}&page_size={size}", shared.admin)
        assert [task["id"] for task in reply["tasks"]] == expected[(page - 1) * size : page * size], page
        assert (reply["total"], reply["page"], reply["page_size"]) == (400, page, size)


@pytest.mark.asyncio(loop_scope="module")
@pytest.mark.parametrize("task_type", [None, "TTS", "VIDEO"])
@pytest.mark.parametrize("status", [None, "PENDING", "FAILED"])
async def test_filters_are_those_of_the_model(shared: Platform, task_type: str | None, status: str | None) -> None:
    states = {"PENDING": (1, 2), "FAILED": (5, 6), None: range(1, 7)}[status]
    expected = [
        task.id
        for task in _all(shared)
        if task.user_id == shared.user.id
        and task.state in states
        and task_type in (None, task_pb2.TaskKind.Name(task.kind).removeprefix("TASK_KIND_"))
    ]
    query = "".join(f"&{name}={value}" for name, value in (("task_type", task_type), ("status", status)) if value)
    for page in (1, 2, 3):
        reply = await _get(shared, f"/api/tasks/?page={page}&page_size=6{query}")
        assert [task["id"] for task in reply["tasks"]] == expected[(page - 1) * 6 : page * 6]
        assert reply["total"] == len(expected)


@pytest.mark.asyncio(loop_scope="module")
async def test_a_deep_page_reads_no_more_than_a_page(shared: Platform) -> None:
    for owner in (shared.speech.tasks, shared.video_tasks):
        owner.read = 0
        owner.refusals.calls.clear()
    await _get(shared, "/api/tasks/admin/all?page=30&page_size=10", shared.admin)
    assert shared.speech.tasks.read + shared.video_tasks.read <= 2 * 10 + 2
    asked = [name for owner in (shared.speech.tasks, shared.video_tasks) for name, _ in owner.refusals.calls]
    assert asked.count("LocateTask") <= 20


@pytest.mark.asyncio(loop_scope="module")
async def test_one_users_tasks_for_administrators(shared: Platform) -> None:
    reply = await _get(shared, "/api/tasks/admin/all?user_id=99&page_size=100", shared.admin)
    expected = [task.id for task in _all(shared) if task.user_id == 99]
    assert [task["id"] for task in reply["tasks"]] == expected[:100]
    same_shape_as_read(reply, "GET", "/api/tasks/admin/all")


@pytest.mark.asyncio(loop_scope="module")
async def test_statistics_count_what_there_is(shared: Platform) -> None:
    own = [task for task in _all(shared) if task.user_id == shared.user.id]
    reply = await _get(shared, "/api/tasks/stats/summary")
    same_shape(reply, "GET", "/api/tasks/stats/summary")
    found = reply["statistics"]
    assert (reply["user_id"], found["total_tasks"]) == (shared.user.id, len(own))
    assert found["pending_tasks"] == sum(task.state in (1, 2) for task in own)
    assert found["failed_tasks"] == sum(task.state in (5, 6) for task in own)
    assert found["task_types"]["VIDEO"] == sum(task.kind == task_pb2.TASK_KIND_VIDEO for task in own)
    assert sum(found["task_types"].values()) == len(own)


@pytest.mark.asyncio(loop_scope="module")
async def test_global_statistics_count_users_once(shared: Platform) -> None:
    young = _task(9000, task_pb2.TASK_KIND_TTS, user_id=100, moment=datetime.now(UTC))
    shared.speech.tasks.put(young)
    try:
        reply = await _get(shared, "/api/tasks/admin/stats/global", shared.admin)
    finally:
        del shared.speech.tasks.by_id[young.id]
    same_shape(reply, "GET", "/api/tasks/admin/stats/global")
    found = reply["global_statistics"]
    assert found["total_tasks"] == 401
    assert found["user_distribution"]["total_users"] == 4
    assert found["user_distribution"]["active_users"] >= 1


@pytest.mark.asyncio(loop_scope="module")
@pytest.mark.parametrize(
    "query", ["page=0", "page_size=101", "page_size=0", "status=DONE", "task_type=tts", "page=99999999999"]
)
async def test_queries_out_of_range_are_refused(shared: Platform, query: str) -> None:
    await _get(shared, f"/api/tasks?{query}", status=422)


@pytest.mark.asyncio(loop_scope="module")
async def test_lists_of_everybody_are_for_administrators(shared: Platform) -> None:
    await _get(shared, "/api/tasks/admin/all", status=403)
    await _get(shared, "/api/tasks/admin/stats/global", status=403)


async def test_a_list_and_a_detail_as_documented(platform: Platform) -> None:
    task = _task(1, task_pb2.TASK_KIND_TTS, user_id=platform.user.id, moment=START)
    task.state, task.stage, task.progress = task_pb2.TASK_STATE_SUCCEEDED, "completed", 100
    task.output.update({"file_id": "audio_1.wav", "file_size_bytes": 2621440})
    task.finish_time.FromDatetime(START)
    platform.speech.tasks.put(task)
    listed = await _get(platform, "/api/tasks/?task_type=TTS&status=COMPLETED&page=1&page_size=10")
    same_shape(listed, "GET", "/api/tasks", nullable=("error_message",))
    detail = await _get(platform, f"/api/tasks/{task.id}")
    same_shape(detail, "GET", "/api/tasks/{task_id}", nullable=("error_message",))
    assert listed["tasks"] == [detail]
    assert (detail["title"], detail["description"]) == ("语音合成任务", "合成文本：这是测试内容")
    assert detail["input_data"] == {"text": "这是测试内容", "voice": "zhichu", "volume": 50}
    assert detail["output_data"]["file_size_mb"] == 2.5


async def test_another_users_task_is_not_found(platform: Platform) -> None:
    task = _task(1, task_pb2.TASK_KIND_TTS, user_id=99, moment=START)
    platform.speech.tasks.put(task)
    await _get(platform, f"/api/tasks/{task.id}", status=404)
    async with platform.client.put(
        f"/api/tasks/{task.id}", json={"progress": 1}, headers=platform.bearer()
    ) as response:
        assert response.status == 404
    async with platform.client.delete(f"/api/tasks/{task.id}", headers=platform.bearer()) as response:
        assert response.status == 404
    assert task.id in platform.speech.tasks.by_id
    assert (await _get(platform, f"/api/tasks/{task.id}", platform.admin))["user_id"] == 99


@pytest.mark.parametrize("kind", [task_pb2.TASK_KIND_ASR, task_pb2.TASK_KIND_CHROMA_KEY])
async def test_marking_a_task_failed_cancels_it(platform: Platform, kind: task_pb2.TaskKind.ValueType) -> None:
    task = _task(1, kind, user_id=platform.user.id, moment=START)
    owner = platform.video_tasks if kind in VIDEO_KINDS else platform.speech.tasks
    owner.put(task)
    body = {
        "status": "FAILED",
        "error_message": "处理失败：文件格式不支持",
        "progress": 50,
        "current_step": "validation_failed",
    }
    async with platform.client.put(f"/api/tasks/{task.id}", json=body, headers=platform.bearer()) as response:
        reply = await response.json()
    assert owner.by_id[task.id].state == task_pb2.TASK_STATE_CANCELLED
    assert {name: reply[name] for name in body} == body
    same_shape_as_read(reply, "PUT", "/api/tasks/{task_id}")


@pytest.mark.parametrize(
    ("state", "status", "refusal"),
    [
        (task_pb2.TASK_STATE_QUEUED, "COMPLETED", 400),
        (task_pb2.TASK_STATE_QUEUED, "RUNNING", 400),
        (task_pb2.TASK_STATE_QUEUED, "PENDING", 200),
        (task_pb2.TASK_STATE_SUCCEEDED, "FAILED", 400),
        (task_pb2.TASK_STATE_SUCCEEDED, "COMPLETED", 400),
        (task_pb2.TASK_STATE_QUEUED, "CANCELLED", 422),
    ],
)
async def test_no_other_state_can_be_set(
    platform: Platform, state: task_pb2.TaskState.ValueType, status: str, refusal: int
) -> None:
    task = _task(1, task_pb2.TASK_KIND_TTS, user_id=platform.user.id, moment=START)
    task.state = state
    platform.speech.tasks.put(task)
    async with platform.client.put(
        f"/api/tasks/{task.id}", json={"status": status, "progress": 7}, headers=platform.bearer()
    ) as response:
        assert response.status == refusal
    assert platform.speech.tasks.by_id[task.id].state == state


async def test_deleting_as_documented(platform: Platform) -> None:
    task = _task(1, task_pb2.TASK_KIND_VIDEO, user_id=platform.user.id, moment=START)
    platform.video_tasks.put(task)
    async with platform.client.delete(f"/api/tasks/{task.id}", headers=platform.bearer()) as response:
        reply = await response.json()
    same_shape(reply, "DELETE", "/api/tasks/{task_id}")
    assert platform.video_tasks.by_id == {}


@pytest.mark.parametrize("task_id", ["nonsense", "task_missing", "00000000-0000-4000-8000-000000000000"])
async def test_unknown_tasks_are_not_found(platform: Platform, task_id: str) -> None:
    await _get(platform, f"/api/tasks/{task_id}", status=404)


async def test_results_of_every_kind_at_the_public_address(platform: Platform) -> None:
    word = {"begin_ms": 0, "end_ms": 500, "text": "你好"}
    outputs: dict[task_pb2.TaskKind.ValueType, dict[str, Any]] = {
        task_pb2.TASK_KIND_ASR: {
            "text": "你好",
            "language": "zh",
            "duration_ms": 500,
            "sentences": [{**word, "words": [word]}],
        },
        task_pb2.TASK_KIND_VOICE_CLONE: {"voice_id": "voice_1", "target_model": "m"},
        task_pb2.TASK_KIND_LLM: {"rewritten_text": "文", "model": "m"},
        task_pb2.TASK_KIND_TTS: {"file_id": "f", "sentences": [{**word, "words": [word]}, word]},
    }
    for number, (kind, output) in enumerate(outputs.items()):
        task = _task(number, kind, user_id=platform.user.id, moment=START)
        task.state = task_pb2.TASK_STATE_SUCCEEDED
        task.output.update(output)
        platform.speech.tasks.put(task)
    async with platform.client.get("/api/task/task_0000") as response:
        result = (await response.json())["result"]
    part = {"begin_time": 0, "end_time": 500, "text": "你好"}
    assert result == {"text": "你好", "language": "zh", "duration": 500, "sentences": [{**part, "words": [part]}]}
    async with platform.client.get("/api/task/task_0001") as response:
        assert (await response.json())["result"] == {"voice_id": "voice_1", "target_model": "m"}
    async with platform.client.get("/api/task/task_0003") as response:
        assert (await response.json())["result"]["sentences"] == [{**part, "words": [part]}, part]
