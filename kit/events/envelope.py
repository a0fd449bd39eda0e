"""Makes the messages a service sends. The only place that knows how an event is wrapped."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from google.protobuf.message import Message

from kit.clock import Clock
from kit.ids import IdSource
from kit.rpc.context import CallContext, current_call
from kit.rpc.times import timestamp_of
from kit.values import value
from voxreel.common.v1.event_pb2 import EventEnvelope

REQUEST_ID_HEADER = "Voxreel-Request-Id"
TRACE_PARENT_HEADER = "traceparent"
WORK_TYPE = "work"


@value
class OutboundEvent:
    """A message ready for the outbox. The id is also the broker's message id."""

    id: str
    subject: str
    type: str
    body: bytes
    headers: Mapping[str, str]
    create_time: datetime


class EventSource:
    """Makes events in the name of one service; request id and trace come from the call being served."""

    def __init__(self, service: str, ids: IdSource, clock: Clock) -> None:
        self.service = service
        self._ids = ids
        self._clock = clock

    def now(self) -> datetime:
        """The time that events made now will carry."""
        return self._clock.now()

    def event(self, subject: str, payload: Message, *, user_id: int | None = None) -> OutboundEvent:
        """An event on an `evt.` subject. `user_id` is the user it is about, None when it is about nobody."""
        now, call, event_id = self._clock.now(), current_call(), self._ids.ordered()
        envelope = EventEnvelope(
            id=event_id,
            type=payload.DESCRIPTOR.full_name,
            service=self.service,
            request_id=call.request_id,
            trace_parent=call.trace_parent,
            user_id=user_id,
            payload=payload.SerializeToString(),
            time=timestamp_of(now),
        )
        return OutboundEvent(
            event_id, subject, envelope.type, envelope.SerializeToString(), _headers(call), create_time=now
        )

    def work(self, subject: str, task_id: str) -> OutboundEvent:
        """A wake-up for a worker on a `work.` subject. The body is the task's id in UTF-8."""
        return OutboundEvent(
            self._ids.ordered(),
            subject,
            WORK_TYPE,
            task_id.encode(),
            _headers(current_call()),
            create_time=self._clock.now(),
        )


def _headers(call: CallContext) -> Mapping[str, str]:
    found = ((REQUEST_ID_HEADER, call.request_id), (TRACE_PARENT_HEADER, call.trace_parent))
    return {name: value for name, value in found if value}


def call_of_event(envelope: EventEnvelope) -> CallContext:
    """The context in which an event is handled: the request and the trace that led to it."""
    return CallContext(
        request_id=envelope.request_id,
        trace_parent=envelope.trace_parent,
        caller=envelope.service,
        is_internal=True,
    )


def call_of_headers(headers: Mapping[str, str]) -> CallContext:
    """The context in which a task runs, from the headers of its wake-up."""
    return CallContext(
        request_id=headers.get(REQUEST_ID_HEADER, ""),
        trace_parent=headers.get(TRACE_PARENT_HEADER, ""),
        is_internal=True,
    )
