"""The events a task's life is told by."""

from __future__ import annotations

from typing import Any

from kit.events.envelope import EventSource, OutboundEvent
from kit.events.streams import task_subject, work_subject
from kit.tasks.model import JsonObject, Task, TaskKind, TaskState
from voxreel.task.v1 import task_pb2
from voxreel.task.v1.events_pb2 import TaskCancelled, TaskFailed, TaskQueued, TaskSucceeded


def proto_kind(kind: TaskKind) -> task_pb2.TaskKind.ValueType:
    """The kind as the protos number it."""
    return task_pb2.TaskKind.Value(f"TASK_KIND_{kind}")


def proto_state(state: TaskState) -> task_pb2.TaskState.ValueType:
    """The state as the protos number it."""
    return task_pb2.TaskState.Value(f"TASK_STATE_{state}")


def wakeup(source: EventSource, task: Task, lane: str) -> OutboundEvent:
    """Tells the workers of the task's lane to look at its row."""
    return source.work(work_subject(source.service, lane), task.id)


def queued(source: EventSource, task: Task) -> OutboundEvent:
    """The event of an accepted task."""
    payload = TaskQueued(task_id=task.id, kind=proto_kind(task.kind), user_id=task.user_id, credits=task.credits)
    return source.event(task_subject(source.service, "queued"), payload, user_id=task.user_id)


def ended(source: EventSource, task: Task) -> OutboundEvent:
    """The event of a task in a terminal state. Raises ValueError for any other."""
    facts: dict[str, Any] = {
        "task_id": task.id,
        "kind": proto_kind(task.kind),
        "user_id": task.user_id,
        "credits": task.credits,
        **_told_of_input(task.input),
    }
    payload: TaskSucceeded | TaskFailed | TaskCancelled
    if task.state is TaskState.SUCCEEDED:
        payload = TaskSucceeded(**facts)
    elif task.state is TaskState.FAILED:
        payload = TaskFailed(**facts, error_reason=task.error_reason, error_message=task.error_message)
    elif task.state is TaskState.CANCELLED:
        payload = TaskCancelled(**facts)
    else:
        raise ValueError(f"a task that is {task.state} has not ended")
    return source.event(task_subject(source.service, task.state.value.lower()), payload, user_id=task.user_id)


def _told_of_input(given: JsonObject) -> dict[str, Any]:
    # Events are kept longer and read by more than the task: a user's text does not belong in them.
    text, voice = given.get("text"), given.get("voice")
    return {
        "voice": voice if isinstance(voice, str) else None,
        "text_length": len(text) if isinstance(text, str) else None,
    }
