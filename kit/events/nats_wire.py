"""A connection for what is published and read in masses.

The client library takes tens of microseconds for each message. Here what is written in one turn of the event loop goes
out at once, and what arrives is cut where its length says. It speaks as much of the NATS protocol as publishing and
pulling need; everything else is the library's business, on its own connection.
"""

from __future__ import annotations

import asyncio
import json
import ssl
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias, cast
from urllib.parse import ParseResult

from kit.events.bus import NO_HEADERS, BusUnavailable

_END = b"\r\n"
_DEFAULT_PORT = 4222
_PLAIN_HEAD = b"NATS/1.0"
# Between the version and the status that a head may have in place of headers.
_STATUS_MARK = b"NATS/1.0 "
_LINE_BREAKS = str.maketrans("\r\n", "  ")
_MESSAGE, _MESSAGE_WITH_HEAD, _PING, _PONG, _INFO, _ERROR = b"MSG", b"HMSG", b"PING", b"PONG", b"INFO", b"-ERR"


@dataclass(slots=True)
class WireMessage:
    """What came on a subscription. `head` is empty when it had none."""

    subject: str
    reply: str
    head: bytes
    body: bytes

    @property
    def status(self) -> tuple[str, str]:
        """The code and the description by which the server answers itself; empty for a message of somebody."""
        if not self.head.startswith(_STATUS_MARK):
            return "", ""
        code, _, description = self.head.split(_END, 1)[0][len(_STATUS_MARK) :].decode().partition(" ")
        return code, description

    @property
    def headers(self) -> Mapping[str, str]:
        if not self.head:
            return NO_HEADERS
        pairs = (line.partition(":") for line in self.head.decode().split("\r\n")[1:] if line)
        return {name.strip(): value.strip() for name, _, value in pairs}


Receive: TypeAlias = Callable[[WireMessage], None]
"""Takes a message; never raises."""
Lost: TypeAlias = Callable[[], None]
"""Told once that the connection is over; never raises."""


class NatsWire(asyncio.Protocol):
    """One connection, from `open` to its loss. Belongs to one event loop."""

    def __init__(self, lost: Lost) -> None:
        loop = asyncio.get_running_loop()
        self._loop = loop
        self._transport: asyncio.Transport | None = None
        self._rest = b""
        self._out: list[bytes] = []
        self._lost = lost
        self._subscribers: dict[bytes, tuple[Receive, Lost]] = {}
        self._subscriptions = 0
        self._max_payload = 0
        self._is_lost = False
        self._info: asyncio.Future[bytes] = loop.create_future()
        self._greeting: asyncio.Future[None] = loop.create_future()
        self._writable = asyncio.Event()
        self._writable.set()

    @classmethod
    async def open(cls, server: ParseResult, *, name: str, lost: Lost) -> NatsWire:
        """Connects. Credentials are those in the address. Raises OSError."""
        loop, host = asyncio.get_running_loop(), server.hostname or ""
        transport, wire = await loop.create_connection(lambda: cls(lost), host, server.port or _DEFAULT_PORT)
        try:
            info = json.loads(await wire._info)
            if server.scheme == "tls" or info.get("tls_required"):
                secured = await loop.start_tls(transport, wire, ssl.create_default_context(), server_hostname=host)
                # Only a transport that is closing while it is secured makes none.
                wire._transport = cast(asyncio.Transport, secured)
            wire._max_payload = int(info["max_payload"])
            wire._write_now(b"CONNECT " + json.dumps(_introduction(server, name)).encode() + b"\r\nPING\r\n")
            await wire._greeting
        except BaseException:
            wire.close()
            raise
        return wire

    @property
    def is_alive(self) -> bool:
        return not self._is_lost

    def subscribe(self, subject: str, receive: Receive, *, lost: Lost) -> int:
        """Hands over what is sent to the subject. Answers a number for `unsubscribe`. Raises BusUnavailable."""
        self._subscriptions += 1
        number = self._subscriptions
        self.write(f"SUB {subject} {number}\r\n".encode())
        self._subscribers[b"%d" % number] = (receive, lost)
        return number

    def unsubscribe(self, number: int) -> None:
        """Hears no more of it. Raises BusUnavailable."""
        del self._subscribers[b"%d" % number]
        self.write(b"UNSUB %d\r\n" % number)

    def frame(self, subject: str, body: bytes, *, reply: str = "", headers: Mapping[str, str] = NO_HEADERS) -> bytes:
        """What publishes a message. Raises ValueError for one that the server would end the connection for."""
        if not subject or len(subject.split()) != 1:
            raise ValueError("a subject is one word")
        head = _head_of(headers) if headers else b""
        size = len(head) + len(body)
        if size > self._max_payload:
            raise ValueError(f"a message of {size} bytes, {self._max_payload} are allowed")
        if not head:
            return b"%s%d\r\n%s\r\n" % (f"PUB {subject} {reply} ".encode(), size, body)
        return b"%s%d %d\r\n%s%s\r\n" % (f"HPUB {subject} {reply} ".encode(), len(head), size, head, body)

    def write(self, frame: bytes) -> None:
        """Sends it at the end of this turn of the loop, after what was written before. Raises BusUnavailable."""
        if self._is_lost:
            raise BusUnavailable("not connected")
        if not self._out:
            self._loop.call_soon(self._flush)
        self._out.append(frame)

    async def writable(self) -> None:
        """Waits while the server takes less than is written."""
        await self._writable.wait()

    def close(self) -> None:
        """Sends what is written and disconnects."""
        if self._transport is not None and not self._is_lost:
            self._flush()
            self._transport.close()
        self._lose(ConnectionError("closed"))

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # uvloop's transports are not registered as asyncio's.
        self._transport = cast(asyncio.Transport, transport)

    def connection_lost(self, exc: Exception | None) -> None:
        self._lose(exc or ConnectionError("the server closed the connection"))

    def pause_writing(self) -> None:
        self._writable.clear()

    def resume_writing(self) -> None:
        self._writable.set()

    def data_received(self, data: bytes) -> None:
        if self._rest:
            data = self._rest + data
        at = 0
        while (end := data.find(_END, at)) >= 0:
            line, after = data[at:end].split(), end + len(_END)
            kind = line[0].upper() if line else b""
            if kind in (_MESSAGE, _MESSAGE_WITH_HEAD):
                stop = after + int(line[-1])
                if stop + len(_END) > len(data):
                    break
                self._hand_over(line, data[after:stop], has_head=kind == _MESSAGE_WITH_HEAD)
                after = stop + len(_END)
            else:
                self._heed(kind, data[at:end])
            at = after
        self._rest = data[at:]

    def _hand_over(self, line: Sequence[bytes], payload: bytes, *, has_head: bool) -> None:
        """`MSG subject number [reply] size`, or `HMSG subject number [reply] size-of-head size`."""
        if line[2] not in self._subscribers:
            return
        subject, (receive, _lost) = line[1].decode(), self._subscribers[line[2]]
        if has_head:
            reply, size = line[3].decode() if len(line) > 5 else "", int(line[-2])
            receive(WireMessage(subject, reply, payload[:size], payload[size:]))
        else:
            receive(WireMessage(subject, line[3].decode() if len(line) > 4 else "", b"", payload))

    def _heed(self, kind: bytes, line: bytes) -> None:
        if kind == _PING:
            self._write_now(b"PONG\r\n")
        elif kind == _PONG and not self._greeting.done():
            self._greeting.set_result(None)
        elif kind == _INFO and not self._info.done():
            self._info.set_result(line[len(_INFO) :])
        elif kind == _ERROR and not self._greeting.done():
            # Later ones are followed by the end of the connection, or are about one message that nobody will answer.
            self._greeting.set_exception(ConnectionError("the server refused the connection"))

    def _flush(self) -> None:
        out, self._out = self._out, []
        if out and not self._is_lost:
            self._write_now(b"".join(out))

    def _write_now(self, data: bytes) -> None:
        assert self._transport is not None, "connected"
        self._transport.write(data)

    def _lose(self, error: Exception) -> None:
        if self._is_lost:
            return
        self._is_lost = True
        self._writable.set()
        for waiting in (self._info, self._greeting):
            if not waiting.done():
                waiting.set_exception(error)
                # Nobody may be waiting any more.
                waiting.exception()
        self._lost()
        for _receive, lost in self._subscribers.values():
            lost()


def _introduction(server: ParseResult, name: str) -> dict[str, Any]:
    """Who connects, and how it wants to be spoken to."""
    given: dict[str, Any] = {
        "verbose": False,
        "pedantic": False,
        "lang": "python",
        "version": "1",
        "protocol": 1,
        "name": name,
        "headers": True,
        "no_responders": True,
    }
    if server.username and server.password:
        given.update(user=server.username, **{"pass": server.password})
    elif server.username:
        given["auth_token"] = server.username
    return given


def _head_of(headers: Mapping[str, str]) -> bytes:
    lines = "".join([f"{name}: {value}\r\n" for name, value in headers.items()])
    if lines.count("\n") + lines.count("\r") > 2 * len(headers):
        lines = "".join([f"{name}: {value.translate(_LINE_BREAKS)}\r\n" for name, value in headers.items()])
    return f"NATS/1.0\r\n{lines}\r\n".encode()
