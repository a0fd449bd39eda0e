"""Events that a consumer gave up, for an operator who knows what was wrong."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from google.protobuf.message import DecodeError
from nats.js.api import RawStreamMsg
from nats.js.errors import NotFoundError

from kit.events.consumer import CAUSE_HEADER, SUBJECT_HEADER
from kit.events.nats_session import NatsSession, translated
from kit.events.streams import DEAD_LETTERS, durable_of, retry_subject, stream_of
from voxreel.common.v1.event_pb2 import EventEnvelope

_ALL = "dlq.>"
_MESSAGE_ID_HEADER = "Nats-Msg-Id"


class NoSuchLetter(Exception):
    """There is none under this number any more."""


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """`number` counts within the dead letters; `event_type` is empty for what is no event."""

    number: int
    consumer: str
    subject: str
    event_id: str
    event_type: str
    cause: str
    buried_time: datetime | None


class DeadLetters:
    """All dead letters of a broker. Every method raises BusUnavailable."""

    def __init__(self, session: NatsSession) -> None:
        self._session = session

    async def page(self, *, limit: int, after: int = 0) -> list[DeadLetter]:
        """Up to `limit` of them with higher numbers than `after`, in their order."""
        found: list[DeadLetter] = []
        while len(found) < limit:
            message = await self._next(after)
            if message is None:
                break
            found.append(_letter_of(message))
            after = found[-1].number
        return found

    async def retry(self, number: int) -> DeadLetter:
        """Gives the event once more to the consumer that gave it up, and to nobody else. Raises NoSuchLetter."""
        message = await self._get(number)
        letter = _letter_of(message)
        subject = retry_subject(letter.consumer)
        # The same number is the same attempt: asking twice gives it once.
        headers = {**(message.headers or {}), _MESSAGE_ID_HEADER: f"retry-{number}-{letter.event_id}"}
        with translated():
            await self._session.stream.publish(subject, message.data or b"", stream=stream_of(subject), headers=headers)
        await self._delete(number)
        return letter

    async def drop(self, number: int) -> DeadLetter:
        """Forgets the event. Raises NoSuchLetter."""
        letter = _letter_of(await self._get(number))
        await self._delete(number)
        return letter

    async def _next(self, after: int) -> RawStreamMsg | None:
        with translated():
            try:
                return await self._session.stream.get_msg(DEAD_LETTERS.name, seq=after + 1, subject=_ALL, next=True)
            except NotFoundError:
                return None

    async def _get(self, number: int) -> RawStreamMsg:
        with translated():
            try:
                return await self._session.stream.get_msg(DEAD_LETTERS.name, seq=number)
            except NotFoundError:
                raise NoSuchLetter(number) from None

    async def _delete(self, number: int) -> None:
        with translated():
            await self._session.stream.delete_msg(DEAD_LETTERS.name, number)


def _letter_of(message: RawStreamMsg) -> DeadLetter:
    headers = message.headers or {}
    try:
        envelope = EventEnvelope.FromString(message.data or b"")
    except DecodeError:
        envelope = EventEnvelope()
    return DeadLetter(
        number=message.seq or 0,
        consumer=durable_of(message.subject or ""),
        subject=headers.get(SUBJECT_HEADER, ""),
        event_id=envelope.id,
        event_type=envelope.type,
        cause=headers.get(CAUSE_HEADER, ""),
        buried_time=message.time,
    )
