"""What the end of a task tells of its input."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from kit.events.envelope import EventSource
from kit.ids import RandomIds
from kit.tasks.events import ended
from kit.tasks.model import JsonObject, Task, TaskKind, TaskState
from tests.fakes.clock import FakeClock
from voxreel.common.v1.event_pb2 import EventEnvelope
from voxreel.task.v1.events_pb2 import TaskCancelled, TaskFailed, TaskSucceeded

SOURCE = EventSource("speech", RandomIds(), FakeClock())
MOMENT = datetime(2026, 1, 1, tzinfo=UTC)
MESSAGES: dict[TaskState, type[TaskSucceeded | TaskFailed | TaskCancelled]] = {
    TaskState.SUCCEEDED: TaskSucceeded,
    TaskState.FAILED: TaskFailed,
    TaskState.CANCELLED: TaskCancelled,
}


def task_of(state: TaskState, given: JsonObject) -> Task:
    return Task(
        id="tts_1",
        kind=TaskKind.TTS,
        state=state,
        user_id=7,
        request_id="r",
        input_hash="h",
        input=given,
        output=None,
        credits=10,
        hold_id="hold",
        progress=100,
        stage=state.value.lower(),
        attempt=1,
        lease_owner="",
        lease_until=None,
        error_reason="",
        error_message="",
        create_time=MOMENT,
        update_time=MOMENT,
        enqueue_time=MOMENT,
        start_time=MOMENT,
        finish_time=MOMENT,
        trace_parent="",
    )


@pytest.mark.parametrize("state", MESSAGES)
def test_the_voice_and_the_length_are_told_but_not_the_text(state: TaskState) -> None:
    body = ended(SOURCE, task_of(state, {"text": "要合成的文本内容", "voice": "zhichu"})).body
    event = MESSAGES[state].FromString(EventEnvelope.FromString(body).payload)
    assert (event.task_id, event.credits, event.voice, event.text_length) == ("tts_1", 10, "zhichu", 8)
    assert "要合成的文本内容".encode() not in body


@pytest.mark.parametrize("state", MESSAGES)
def test_a_task_without_them_tells_neither(state: TaskState) -> None:
    body = ended(SOURCE, task_of(state, {"file_id": "f", "voice": 3})).body
    event = MESSAGES[state].FromString(EventEnvelope.FromString(body).payload)
    assert not event.HasField("voice")
    assert not event.HasField("text_length")


def test_an_unfinished_task_has_no_end() -> None:
    running = replace(task_of(TaskState.SUCCEEDED, {}), state=TaskState.RUNNING)
    with pytest.raises(ValueError, match="has not ended"):
        ended(SOURCE, running)
