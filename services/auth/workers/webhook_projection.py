"""Which webhooks are told of the end of a task."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

import orjson

from kit.rpc.times import datetime_of
from services.auth.domain.webhooks import NewDelivery, WebhookEvent
from services.auth.store.uow import AuthUnit
from voxreel.common.v1.event_pb2 import EventEnvelope
from voxreel.task.v1 import task_pb2
from voxreel.task.v1.events_pb2 import TaskCancelled, TaskFailed, TaskSucceeded

_End = TaskSucceeded | TaskFailed | TaskCancelled
# The message, the event, and the state as `/api/tasks` spells it.
_SOURCES: Mapping[str, tuple[type[_End], WebhookEvent, str]] = {
    TaskSucceeded.DESCRIPTOR.full_name: (TaskSucceeded, WebhookEvent.TASK_SUCCEEDED, "COMPLETED"),
    TaskFailed.DESCRIPTOR.full_name: (TaskFailed, WebhookEvent.TASK_FAILED, "FAILED"),
    TaskCancelled.DESCRIPTOR.full_name: (TaskCancelled, WebhookEvent.TASK_CANCELLED, "FAILED"),
}
_ID_CHARACTERS = 64


@dataclass(frozen=True, slots=True)
class EndedTask:
    """A task's end, and the message that tells of it."""

    event_id: str
    event: WebhookEvent
    user_id: int
    task_id: str
    time: datetime
    body: str


class WebhookProjection:
    """Takes the ends of tasks."""

    def take(self, envelope: EventEnvelope) -> EndedTask | None:
        source = _SOURCES.get(envelope.type)
        if source is None:
            return None
        message, event, status = source
        ended, time = message.FromString(envelope.payload), datetime_of(envelope.time)
        body = _body(ended, event, status, time)
        return EndedTask(envelope.id, event, ended.user_id, ended.task_id, time, body)

    def write(self, unit: AuthUnit, taken: Sequence[EndedTask]) -> None:
        if not taken:
            return
        subscribers = unit.webhooks.subscribers(sorted({ended.user_id for ended in taken}))
        # In one order, so that two transactions never wait for each other.
        for subscriber in sorted(subscribers, key=lambda each: each.webhook_id):
            for ended in taken:
                if ended.user_id == subscriber.user_id and ended.event in subscriber.events:
                    unit.deliveries.add(_delivery(ended, subscriber.webhook_id), ended.time)


def _delivery(ended: EndedTask, webhook_id: str) -> NewDelivery:
    """Its id follows from the event, so that one that is projected twice is told once."""
    message_id = f"msg_{ended.event_id}_{webhook_id[-20:]}"
    assert len(message_id) <= _ID_CHARACTERS
    return NewDelivery(message_id, webhook_id, ended.event, ended.task_id, ended.body)


def _body(ended: _End, event: WebhookEvent, status: str, time: datetime) -> str:
    data = {
        "id": ended.task_id,
        "task_type": task_pb2.TaskKind.Name(ended.kind).removeprefix("TASK_KIND_"),
        "status": status,
        "error_message": ended.error_message if isinstance(ended, TaskFailed) else None,
        "completed_at": time,
    }
    return orjson.dumps({"type": event.value, "timestamp": time, "data": data}, option=orjson.OPT_UTC_Z).decode()
