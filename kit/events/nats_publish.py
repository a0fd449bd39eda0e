"""Publishing on NATS JetStream: any number of messages in one write, answered one by one."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import orjson

from kit.events.bus import BusUnavailable, Publication
from kit.events.nats_wire import NatsWire, WireMessage
from kit.events.streams import stream_of

MESSAGE_ID_HEADER = "Nats-Msg-Id"


@dataclass(slots=True)
class _Sending:
    """Messages that were sent together. `outcomes` begins as if nothing was answered."""

    outcomes: list[Exception | None]
    unanswered: int
    over: asyncio.Event


class NatsPublisher:
    """Publishes on one connection."""

    def __init__(self, wire: NatsWire) -> None:
        self._wire = wire
        self._inbox = f"_INBOX.{secrets.token_hex(12)}."
        self._sent = 0
        self._waiting: dict[str, tuple[_Sending, int]] = {}
        wire.subscribe(f"{self._inbox}*", self._answered, lost=self._give_up)

    async def publish_all(self, publications: Sequence[Publication], *, timeout_s: float) -> list[Exception | None]:
        """See Bus.publish_all."""
        await self._wire.writable()
        sending = _Sending([BusUnavailable("no answer") for _ in publications], 0, asyncio.Event())
        replies: list[str] = []
        frames: list[bytes] = []
        for place, publication in enumerate(publications):
            self._sent += 1
            reply = f"{self._inbox}{self._sent}"
            try:
                frames.append(_frame(self._wire, publication, reply))
            except ValueError as error:
                sending.outcomes[place] = error
                continue
            self._waiting[reply] = (sending, place)
            replies.append(reply)
        sending.unanswered = len(replies)
        try:
            await self._send(b"".join(frames), sending, timeout_s)
        finally:
            for reply in replies:
                self._waiting.pop(reply, None)
        return sending.outcomes

    async def _send(self, frames: bytes, sending: _Sending, timeout_s: float) -> None:
        if not sending.unanswered:
            return
        self._wire.write(frames)
        try:
            async with asyncio.timeout(timeout_s):
                await sending.over.wait()
        except TimeoutError:
            # The outcomes tell which were answered.
            return

    def _answered(self, message: WireMessage) -> None:
        sending, place = self._waiting.pop(message.subject, (None, 0))
        if sending is None:
            return
        sending.outcomes[place] = _problem(message)
        sending.unanswered -= 1
        if not sending.unanswered:
            sending.over.set()

    def _give_up(self) -> None:
        for sending, _place in self._waiting.values():
            sending.over.set()


def _frame(wire: NatsWire, publication: Publication, reply: str) -> bytes:
    """Raises ValueError for what no stream stores."""
    _require_stream(publication.subject)
    headers = {**publication.headers, MESSAGE_ID_HEADER: publication.message_id}
    return wire.frame(publication.subject, publication.body, reply=reply, headers=headers)


@lru_cache(maxsize=1024)
def _require_stream(subject: str) -> None:
    stream_of(subject)


def _problem(message: WireMessage) -> Exception | None:
    """None when the stream has stored it. Without a stream there is nobody who answers but the server itself."""
    try:
        answer = orjson.loads(message.body)
    except ValueError:
        return BusUnavailable("no stream")
    return BusUnavailable("refused") if "error" in answer else None
