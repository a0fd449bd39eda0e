"""A load generator that costs little itself: raw HTTP/1.1 over keep-alive connections, one request in flight each."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass
from typing import cast

_GOOD = b"HTTP/1.1 200"
_LENGTH = b"content-length:"


@dataclass(frozen=True, slots=True)
class Load:
    """What one run saw. Latencies in milliseconds."""

    requests: int
    seconds: float
    p50_ms: float
    p99_ms: float

    @property
    def rate(self) -> float:
        return self.requests / self.seconds


class _Connection(asyncio.Protocol):
    """Sends the same request again as soon as its answer is complete."""

    def __init__(self, request: bytes, latencies: list[float], deadline: float) -> None:
        self._request = request
        self._latencies = latencies
        self._deadline = deadline
        self._buffer = b""
        self._whole = 0
        self._sent = 0.0
        self.done: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # uvloop's transports are not registered as asyncio's.
        self._transport = cast(asyncio.Transport, transport)
        self._send()

    def data_received(self, data: bytes) -> None:
        # The same request has the same answer: one of the known length need not be read again.
        if len(data) == self._whole and data.startswith(_GOOD):
            self._answered()
            return
        self._buffer += data
        end = self._buffer.find(b"\r\n\r\n")
        if end < 0:
            return
        head = self._buffer[:end].lower()
        if not head.startswith(_GOOD.lower()):
            self._finish(RuntimeError(head.decode(errors="replace")))
            return
        start = head.index(_LENGTH) + len(_LENGTH)
        stop = head.find(b"\r\n", start)
        length = int(head[start : stop if stop > 0 else len(head)])
        if len(self._buffer) < end + 4 + length:
            return
        self._whole = len(self._buffer)
        self._buffer = b""
        self._answered()

    def _answered(self) -> None:
        now = time.perf_counter()
        self._latencies.append(now - self._sent)
        if now < self._deadline:
            self._send()
        else:
            self._finish(None)

    def connection_lost(self, exc: Exception | None) -> None:
        if not self.done.done():
            self.done.set_exception(exc or ConnectionError("the server closed the connection"))

    def _send(self) -> None:
        self._sent = time.perf_counter()
        self._transport.write(self._request)

    def _finish(self, error: Exception | None) -> None:
        if error is None:
            self.done.set_result(None)
        else:
            self.done.set_exception(error)
        self._transport.close()


def request_bytes(method: str, path: str, *, port: int, token: str, body: bytes = b"") -> bytes:
    """The bytes of an authenticated request; a body is JSON."""
    head = f"{method} {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nAuthorization: Bearer {token}\r\nAccept: */*\r\n"
    if body:
        head += f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n"
    return head.encode() + b"\r\n" + body


async def run_load(request: bytes, *, port: int, connections: int, seconds: float) -> Load:
    """Keeps that many connections busy for a while. Raises when any answer is not 200."""
    loop = asyncio.get_running_loop()
    latencies: list[float] = []
    start = time.perf_counter()
    protocols = []
    for _ in range(connections):
        _transport, protocol = await loop.create_connection(
            lambda: _Connection(request, latencies, start + seconds), "127.0.0.1", port
        )
        protocols.append(protocol)
    await asyncio.gather(*[protocol.done for protocol in protocols])
    elapsed = time.perf_counter() - start
    latencies.sort()
    count = len(latencies)
    return Load(count, elapsed, latencies[count // 2] * 1000, latencies[int(count * 0.99)] * 1000)
