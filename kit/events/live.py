"""Hears what is published while it listens.

No position is kept at the broker, so any number of processes hear the same and nothing stays behind for one that is
gone. What was missed while there was no connection is the business of `catch_up`.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import TypeAlias

import structlog
from nats.aio.msg import Msg

from kit.events.backoff import Backoff
from kit.events.bus import BusUnavailable
from kit.events.nats_session import NatsSession, translated
from kit.events.waiting import unless_stopped, wait_any

Receive: TypeAlias = Callable[[str, bytes], None]
"""Takes the subject and the body of one message; never raises."""
CatchUp: TypeAlias = Callable[[NatsSession], Awaitable[None]]
"""Runs at each connect, after listening has begun: what comes in between is seen twice rather than not at all."""

_RECONNECT = Backoff(first_s=0.1, cap_s=2.0)
# Messages that wait for the event loop; beyond it the client drops them, as it does without a connection.
_PENDING_LIMIT = 65_536
_PENDING_LIMIT_BYTES = 32 * 1024 * 1024

_log = structlog.get_logger(__name__)


class LiveReader:
    """Listens to subjects over any number of connections. `nats_url` may hold several servers, separated by commas."""

    def __init__(
        self, nats_url: str, *, name: str, subjects: Sequence[str], receive: Receive, catch_up: CatchUp
    ) -> None:
        self._servers = [server.strip() for server in nats_url.split(",")]
        self._name = name
        self._subjects = tuple(subjects)
        self._receive = receive
        self._catch_up = catch_up
        self._is_current = False
        self._failures = 0

    @property
    def is_current(self) -> bool:
        """Whether what is published now is heard."""
        return self._is_current

    async def check(self) -> None:
        """Raises BusUnavailable while what is published now would not be heard."""
        if not self._is_current:
            raise BusUnavailable("not connected")

    async def run(self, stop: asyncio.Event) -> None:
        """Follows the broker, over any number of its restarts, until stopped."""
        while not stop.is_set():
            try:
                await unless_stopped(stop, self._follow())
            except BusUnavailable as error:
                self._failures += 1
                _log.debug("live_reader_waits_for_bus", reader=self._name, error=str(error))
            await wait_any(stop, timeout_s=_RECONNECT.delay_s(max(1, self._failures)))

    async def _follow(self) -> None:
        """One connection, from connect to loss. Raises BusUnavailable when it comes to nothing."""
        session = await NatsSession.connect(self._servers, name=self._name)
        try:
            with translated():
                for subject in self._subjects:
                    await session.client.subscribe(
                        subject,
                        cb=self._hear,
                        pending_msgs_limit=_PENDING_LIMIT,
                        pending_bytes_limit=_PENDING_LIMIT_BYTES,
                    )
                await self._catch_up(session)
            self._is_current, self._failures = True, 0
            await session.lost.wait()
        finally:
            self._is_current = False
            await session.close()

    async def _hear(self, message: Msg) -> None:
        self._receive(message.subject, message.data)
