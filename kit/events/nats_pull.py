"""Pull consumer on NATS JetStream.

A fetch first asks for what is there, then lingers for one message. Asking for many and lingering would hold the
first message back until the others arrive. The server's heartbeats tell waiting from having been forgotten.
"""

from __future__ import annotations

import asyncio
import json
import uuid
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Any

from nats.aio.msg import Msg
from nats.aio.subscription import Subscription as InboxSubscription
from nats.js.api import AckPolicy, ConsumerConfig, DeliverPolicy

from kit.events.bus import NO_HEADERS, BusUnavailable, ConsumerSpec
from kit.events.nats_session import REQUEST_TIMEOUT_S, NatsSession, translated

_MESSAGE_ID_HEADER = "Nats-Msg-Id"
_STATUS_HEADER = "Status"
_DESCRIPTION_HEADER = "Description"
_HEARTBEAT = "100"
_NOTHING_THERE = "404"
_EXPIRED = "408"
_CONFLICT = "409"
_CONSUMER_DELETED = "consumer deleted"
_NANOSECONDS = 1_000_000_000
_HEARTBEAT_S = 1.0
# Beyond the longest fetch the consumer is asked to wait in one go.
_LINGER_LIMIT_S = 30.0
_QUEUE_LIMIT = 10_000
_FORGOTTEN_AFTER_S = 600.0


class _ConsumerGone(Exception):
    """The server does not know the consumer any more."""


class NatsPull:
    """A durable consumer as seen through one connection."""

    def __init__(self, session: NatsSession, stream: str, name: str) -> None:
        self.session = session
        self._inbox = session.client.new_inbox()
        self._next_subject = f"$JS.API.CONSUMER.MSG.NEXT.{stream}.{name}"
        self._arrived: asyncio.Queue[Msg] = asyncio.Queue(_QUEUE_LIMIT)
        self._requests = 0
        self._inbox_subscription: InboxSubscription | None = None

    @classmethod
    async def open(cls, session: NatsSession, stream: str, config: ConsumerConfig) -> NatsPull:
        """Creates the consumer unless it is there. Raises BusUnavailable, also while the stream is missing."""
        with translated():
            await session.stream.add_consumer(stream, config)
            pull = cls(session, stream, str(config.name))
            pull._inbox_subscription = await session.client.subscribe(f"{pull._inbox}.*", cb=pull._arrived.put)
            return pull

    async def close(self) -> None:
        """Drops the inbox, so that the server hands no message to a reader who has left."""
        if self._inbox_subscription is not None and self.session.is_alive:
            with suppress(BusUnavailable), translated():
                await self._inbox_subscription.unsubscribe()

    async def fetch(self, limit: int, timeout_s: float) -> list[NatsMessage]:
        """See Subscription.fetch. Raises _ConsumerGone and BusUnavailable."""
        found = await self._request({"batch": limit, "no_wait": True}, limit, silence_s=REQUEST_TIMEOUT_S)
        if found or timeout_s <= 0:
            return found
        linger_s = min(timeout_s, _LINGER_LIMIT_S)
        options: dict[str, Any] = {"batch": 1, "expires": int(linger_s * _NANOSECONDS)}
        # The server wants at least two heartbeats to fit.
        if linger_s > 2 * _HEARTBEAT_S:
            options["idle_heartbeat"] = int(_HEARTBEAT_S * _NANOSECONDS)
            return await self._request(options, 1, silence_s=2.5 * _HEARTBEAT_S)
        return await self._request(options, 1, silence_s=linger_s + _HEARTBEAT_S)

    async def _request(self, options: Mapping[str, Any], count: int, *, silence_s: float) -> list[NatsMessage]:
        self._requests += 1
        reply = f"{self._inbox}.{self._requests}"
        with translated():
            await self.session.client.publish(self._next_subject, json.dumps(options).encode(), reply=reply)
        found: list[NatsMessage] = []
        while len(found) < count:
            try:
                async with asyncio.timeout(silence_s):
                    message = await self._arrived.get()
            except TimeoutError:
                if found:
                    return found
                raise BusUnavailable("no answer to a pull") from None
            headers = message.headers or {}
            status = headers.get(_STATUS_HEADER)
            if status is None:
                found.append(NatsMessage(message))
            elif message.subject == reply and _ends(status, headers.get(_DESCRIPTION_HEADER, "")):
                return found
        return found


def _ends(status: str, description: str) -> bool:
    """True when the status ends its request normally. Raises _ConsumerGone when nobody serves it."""
    if status == _HEARTBEAT:
        return False
    if status in (_NOTHING_THERE, _EXPIRED):
        return True
    if status == _CONFLICT and _CONSUMER_DELETED not in description.lower():
        return True
    raise _ConsumerGone(status)


def _config(spec: ConsumerSpec) -> ConsumerConfig:
    config = _durable_config(spec)
    if spec.replay_s is None:
        return config
    # Fixed here once: the server refuses to create the same consumer again with another start.
    start = datetime.now(UTC) - timedelta(seconds=spec.replay_s)
    return config.evolve(
        name=f"{spec.durable}-{uuid.uuid4().hex}",
        durable_name=None,
        deliver_policy=DeliverPolicy.BY_START_TIME,
        opt_start_time=start,
        inactive_threshold=_FORGOTTEN_AFTER_S,
    )


def _durable_config(spec: ConsumerSpec) -> ConsumerConfig:
    is_single = len(spec.subjects) == 1
    return ConsumerConfig(
        name=spec.durable,
        durable_name=spec.durable,
        deliver_policy=DeliverPolicy.ALL,
        ack_policy=AckPolicy.EXPLICIT,
        ack_wait=spec.ack_wait_s,
        max_deliver=-1,
        max_ack_pending=spec.max_ack_pending,
        filter_subject=spec.subjects[0] if is_single else None,
        filter_subjects=None if is_single else list(spec.subjects),
    )


class NatsMessage:
    """A delivered message."""

    def __init__(self, message: Msg) -> None:
        self._message = message

    @property
    def subject(self) -> str:
        return self._message.subject

    @property
    def body(self) -> bytes:
        return self._message.data

    @property
    def headers(self) -> Mapping[str, str]:
        return self._message.headers or NO_HEADERS

    @property
    def message_id(self) -> str:
        return self.headers.get(_MESSAGE_ID_HEADER, "")

    @property
    def delivery(self) -> int:
        return self._message.metadata.num_delivered

    async def ack(self) -> None:
        with translated():
            await self._message.ack()

    async def nak(self, delay_s: float) -> None:
        with translated():
            await self._message.nak(delay_s)

    async def in_progress(self) -> None:
        with translated():
            await self._message.in_progress()

    async def term(self) -> None:
        with translated():
            await self._message.term()


class NatsSubscription:
    """A durable consumer across connections."""

    def __init__(self, spec: ConsumerSpec, session: Callable[[], NatsSession]) -> None:
        self._stream = spec.stream
        self._config = _config(spec)
        # Raises BusUnavailable while there is no connection.
        self._session = session
        self._pull: NatsPull | None = None

    async def fetch(self, limit: int, timeout_s: float) -> Sequence[NatsMessage]:
        session = self._session()
        if self._pull is None or self._pull.session is not session:
            self._pull = await NatsPull.open(session, self._stream, self._config)
        try:
            return await self._pull.fetch(limit, timeout_s)
        except (_ConsumerGone, BusUnavailable) as error:
            await self.close()
            raise BusUnavailable("the consumer has to be opened again") from error

    async def close(self) -> None:
        pull, self._pull = self._pull, None
        if pull is not None:
            await pull.close()
