"""Reads events and applies them.

The handler's transaction holds the inbox rows and the effect; the acknowledgement follows its commit. Events that came
together are applied together; when that fails, each is applied alone, so that none pays for another. A failure is tried
again after a pause that grows; what keeps failing goes to the dead letters, where an operator finds it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

import structlog
from google.protobuf.message import DecodeError

from kit.events.backoff import Backoff
from kit.events.bus import Bus, BusUnavailable, ConsumerSpec, InboundMessage
from kit.events.envelope import TRACE_PARENT_HEADER
from kit.events.measures import ConsumerMeasures
from kit.events.streams import EVENTS, dead_letter_subject, retry_subject
from kit.events.waiting import unless_stopped, wait_any
from kit.observability.tracing import Span, SpanKind, Tracer
from voxreel.common.v1.event_pb2 import EventEnvelope

EventHandler = Callable[[Sequence[EventEnvelope]], Awaitable[None]]
"""Applies all of the events or raises. The same event may come again, also twice at once."""

SUBJECT_HEADER = "Voxreel-Subject"
CAUSE_HEADER = "Voxreel-Cause"
REDELIVERY_PAUSES_S = (1.0, 5.0, 15.0, 60.0, 300.0, 900.0, 1800.0)
_BATCH = 256
# After a batch of so many more are about to come: read together they cost less, and nobody waits for what is read here.
_MANY = 16
_GATHERING_S = 0.1
_FETCH_WAIT_S = 5.0
_ACK_WAIT_S = 30.0
# In sum below the acknowledgement wait, so that nobody else starts on an event while it is being handled.
_TOGETHER_TIMEOUT_S = 5.0
_ALONE_TIMEOUT_S = 20.0
_RECONNECT = Backoff(first_s=0.2, cap_s=5.0)

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class _Delivery:
    """A message that holds an event, and the span of its handling if it is traced."""

    message: InboundMessage
    envelope: EventEnvelope
    span: Span | None


class Consumer:
    """One durable reader of the event stream, named `<service>--<purpose>`.

    With `replay_s` every start reads the last so many seconds again, beside all other readers of that name: for
    handlers that keep what they learn in memory. `gathering_s` is how long it waits for more after a batch of many.
    """

    def __init__(
        self,
        bus: Bus,
        durable: str,
        handler: EventHandler,
        *,
        subjects: Sequence[str],
        pauses_s: Sequence[float] = REDELIVERY_PAUSES_S,
        ack_wait_s: float = _ACK_WAIT_S,
        replay_s: float | None = None,
        measures: ConsumerMeasures | None = None,
        tracer: Tracer | None = None,
        gathering_s: float = _GATHERING_S,
    ) -> None:
        self._gathering_s = gathering_s
        self._bus = bus
        self._measures = measures
        self._tracer = tracer
        self._durable = durable
        self._handler = handler
        self._pauses_s = tuple(pauses_s)
        self._subscription = bus.consume(
            ConsumerSpec(
                EVENTS.name, durable, (*subjects, retry_subject(durable)), ack_wait_s=ack_wait_s, replay_s=replay_s
            )
        )

    async def step(self, wait_s: float = 0.0) -> int:
        """Handles one batch; answers how many messages it held. Raises BusUnavailable."""
        messages = await self._subscription.fetch(_BATCH, wait_s)
        await self._settle_all(messages)
        return len(messages)

    async def run(self, stop: asyncio.Event) -> None:
        """Reads until told to stop; the batch in hand is finished."""
        failures = 0
        try:
            while not stop.is_set():
                try:
                    messages = await unless_stopped(stop, self._subscription.fetch(_BATCH, _FETCH_WAIT_S))
                    await self._settle_all(messages or ())
                    failures = 0
                    if _MANY <= len(messages or ()) < _BATCH:
                        await wait_any(stop, timeout_s=self._gathering_s)
                except BusUnavailable:
                    failures += 1
                    if failures == 1:
                        _log.warning("consumer_waits_for_bus", consumer=self._durable)
                    await wait_any(stop, timeout_s=_RECONNECT.delay_s(failures))
        finally:
            await self._subscription.close()

    async def _settle_all(self, messages: Sequence[InboundMessage]) -> None:
        async with asyncio.TaskGroup() as group:
            read = [delivery for message in messages if (delivery := self._read(group, message)) is not None]
            envelopes = [delivery.envelope for delivery in read]
            if self._measures is not None:
                self._measures.read(self._durable, envelopes)
            if len(read) > 1 and await self._apply_together(envelopes):
                await self._answer(self._applied(read))
            else:
                for delivery in read:
                    group.create_task(self._answer(self._handle(delivery)))

    def _read(self, group: asyncio.TaskGroup, message: InboundMessage) -> _Delivery | None:
        """What is to be applied; None for what is given up."""
        # A message whose reader dies each time is never answered: the count of deliveries gives it up too.
        if message.delivery > len(self._pauses_s) + 1:
            group.create_task(self._answer(self._bury(message, "attempts_exhausted")))
            return None
        try:
            envelope = EventEnvelope.FromString(message.body)
        except DecodeError:
            group.create_task(self._answer(self._bury(message, "not_an_event")))
            return None
        return _Delivery(message, envelope, self._open_span(message, envelope))

    def _open_span(self, message: InboundMessage, envelope: EventEnvelope) -> Span | None:
        """The span of an event that belongs to a trace; what is done for the event belongs to it."""
        if self._tracer is None:
            return None
        parent = message.headers.get(TRACE_PARENT_HEADER, envelope.trace_parent)
        if not parent:
            return None
        attributes = {"messaging.message.id": envelope.id, "messaging.consumer.group.name": self._durable}
        span = self._tracer.start(f"process {envelope.type}", SpanKind.CONSUMER, parent=parent, attributes=attributes)
        envelope.trace_parent = span.trace_parent
        return span

    async def _answer(self, answer: Awaitable[None]) -> None:
        """Tells the broker. What is lost here is mended by another delivery."""
        try:
            await answer
        except BusUnavailable:
            _log.info("consumer_answer_lost", consumer=self._durable)

    async def _applied(self, deliveries: Sequence[_Delivery]) -> None:
        """Answers for events that were applied."""
        for delivery in deliveries:
            if delivery.span is not None:
                delivery.span.end()
        if self._measures is not None:
            self._measures.count(self._durable, "applied", len(deliveries))
        for delivery in deliveries:
            await delivery.message.ack()

    async def _handle(self, delivery: _Delivery) -> None:
        """Applies one event and answers for it."""
        message, envelope = delivery.message, delivery.envelope
        error = await self._apply([envelope], timeout_s=_ALONE_TIMEOUT_S)
        if error is None:
            await self._applied([delivery])
            return
        if delivery.span is not None:
            delivery.span.end(error=type(error).__name__)
        if self._measures is not None:
            self._measures.count(self._durable, "failed")
        _log.warning(
            "event_failed",
            consumer=self._durable,
            event_id=envelope.id,
            event_type=envelope.type,
            delivery=message.delivery,
            error=type(error).__name__,
        )
        if message.delivery > len(self._pauses_s):
            await self._bury(message, type(error).__name__)
        else:
            await message.nak(self._pauses_s[message.delivery - 1])

    async def _apply_together(self, envelopes: Sequence[EventEnvelope]) -> bool:
        error = await self._apply(envelopes, timeout_s=_TOGETHER_TIMEOUT_S)
        if error is not None:
            _log.info("events_applied_alone", consumer=self._durable, events=len(envelopes), error=type(error).__name__)
        return error is None

    async def _apply(self, envelopes: Sequence[EventEnvelope], *, timeout_s: float) -> Exception | None:
        try:
            async with asyncio.timeout(timeout_s):
                await self._handler(envelopes)
        except Exception as error:
            return error
        return None

    async def _bury(self, message: InboundMessage, cause: str) -> None:
        await self._bus.publish(
            dead_letter_subject(self._durable),
            message.body,
            message_id=f"{self._durable}:{message.message_id}",
            # One that an operator had tried again keeps the subject it first came under.
            headers={SUBJECT_HEADER: message.subject, **message.headers, CAUSE_HEADER: cause},
        )
        _log.error("event_buried", consumer=self._durable, event_id=message.message_id, cause=cause)
        if self._measures is not None:
            self._measures.count(self._durable, "buried")
        await message.term()
