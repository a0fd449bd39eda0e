"""One connection to NATS, from connect to loss, and the translation of its errors.

The client's own reconnecting is off: it keeps subscriptions that a restarted server no longer serves and buffers
what is published meanwhile. A lost connection is replaced by a new one and everything is subscribed afresh.
"""

from __future__ import annotations

import asyncio
import json
import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

import nats.errors
from nats.aio.client import Client
from nats.js import JetStreamContext

from kit.events.bus import BusUnavailable

REQUEST_TIMEOUT_S = 5.0
_CONNECT_TIMEOUT_S = 3
_PING_INTERVAL_S = 5
_USER_INFO_SUBJECT = "$SYS.REQ.USER.INFO"
_USER_INFO_TIMEOUT_S = 1.0
_NODE_LENGTH = 100


@contextmanager
def translated() -> Iterator[None]:
    """Turns every failure of the client into BusUnavailable."""
    try:
        yield
    except (nats.errors.Error, OSError, TimeoutError, ConnectionError) as error:
        _raise_if_cancelled()
        raise BusUnavailable(type(error).__name__) from error


def _raise_if_cancelled() -> None:
    """`asyncio.wait_for` of Python 3.11, which the client uses, may answer a cancellation with the error of what it
    waited for (CPython issue 86296)."""
    task = asyncio.current_task()
    if task is not None and task.cancelling():
        raise asyncio.CancelledError


@dataclass(frozen=True, slots=True)
class Server:
    """Who is at the other end. `node` is the name it keeps, empty for one that was given none; `id` is new at each of
    its starts."""

    node: str
    id: str


class NatsSession:
    """A live connection. `lost` is set when it is over; a session never comes back."""

    def __init__(self, client: Client, lost: asyncio.Event, server: Server) -> None:
        self.client = client
        self.stream: JetStreamContext = client.jetstream(timeout=REQUEST_TIMEOUT_S)
        self.lost = lost
        self.server = server

    @classmethod
    async def connect(cls, servers: Sequence[str], *, name: str) -> NatsSession:
        """Connects to one of the servers, trying them in turn. Raises BusUnavailable."""
        client, lost = Client(), asyncio.Event()

        async def closed() -> None:
            lost.set()

        async def ignore(_error: Exception) -> None:
            """Errors of a connection end it; the loss is what counts."""

        try:
            with translated():
                async with asyncio.timeout(_CONNECT_TIMEOUT_S):
                    await client.connect(
                        list(servers),
                        name=name,
                        allow_reconnect=False,
                        max_reconnect_attempts=1,
                        reconnect_time_wait=0,
                        connect_timeout=_CONNECT_TIMEOUT_S,
                        ping_interval=_PING_INTERVAL_S,
                        closed_cb=closed,
                        error_cb=ignore,
                    )
                return cls(client, lost, await _server(client))
        except BaseException:
            await client.close()
            raise

    @property
    def is_alive(self) -> bool:
        return not self.lost.is_set() and self.client.is_connected

    async def close(self) -> None:
        """Flushes and disconnects."""
        await self.client.close()


async def _server(client: Client) -> Server:
    try:
        answer = await client.request(_USER_INFO_SUBJECT, b"", timeout=_USER_INFO_TIMEOUT_S)
        found = json.loads(answer.data)["server"]
        name, server_id = str(found.get("name", "")), str(found["id"])
        # A server without a name uses its id for one.
        return Server("" if name == server_id else name[:_NODE_LENGTH], server_id)
    except (nats.errors.NoRespondersError, nats.errors.TimeoutError, KeyError, ValueError):
        # Not allowed to ask: take every connection for a new server, which only costs some repeated messages.
        return Server("", uuid.uuid4().hex)
