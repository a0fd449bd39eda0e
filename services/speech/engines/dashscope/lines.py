"""Calls that block, in threads of their own, and how such a call is ended from outside."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractAsyncContextManager, suppress
from threading import Event, Lock
from typing import Any, TypeVar

T = TypeVar("T")


class LineCut(Exception):
    """Whoever wanted the call does not want it any more."""


class Line:
    """The connection of one call. Safe to use from any thread."""

    def __init__(self, *, timeout_s: float) -> None:
        self._timeout_s = timeout_s
        self._lock = Lock()
        self._connection: Any = None
        self._cut = Event()

    def check(self) -> None:
        """Raises LineCut if it is."""
        self.pause(0)

    def pause(self, seconds: float) -> None:
        """Returns after so long. Raises LineCut as soon as it is."""
        if self._cut.wait(seconds):
            raise LineCut

    def connect(self, url: str, headers: dict[str, str]) -> Any:
        """A WebSocket, as the SDK wants it from a connector. Raises LineCut, and the errors of websocket-client."""
        from websocket import WebSocket

        connection: Any = WebSocket(enable_multithread=True)
        connection.settimeout(self._timeout_s)
        with self._lock:
            self.check()
            self._connection = connection
        connection.connect(url, header=headers)
        if self._cut.is_set():
            # It was not connected yet when it was cut.
            connection.shutdown()
            raise LineCut
        return connection

    def cut(self) -> None:
        """Nobody wants the call any more: hangs up for good, without blocking."""
        self._cut.set()
        self.hang_up()

    def hang_up(self) -> None:
        """Ends the connection without waiting for the other side to agree. Whoever still reads gets an error."""
        with self._lock:
            raw = None if self._connection is None else self._connection.sock
        if raw is not None:
            # Not the method of a TLS socket, which would take its state away under the reader.
            with suppress(OSError):
                socket.socket.shutdown(raw, socket.SHUT_RDWR)


class CallThreads:
    """A bounded number of threads for blocking calls, apart from the loop's own, which a call that hangs would starve.

    A call that is no longer wanted keeps its place until its thread has ended it.
    """

    def __init__(self, name: str, *, max_calls: int, silence_s: float) -> None:
        self._executor = ThreadPoolExecutor(max_calls, thread_name_prefix=name)
        self._places = asyncio.Semaphore(max_calls)
        self._silence_s = silence_s
        self._running: dict[asyncio.Future[Any], Line] = {}

    async def run(self, call: Callable[[Line], T], *, turn: Callable[[], AbstractAsyncContextManager[None]]) -> T:
        """What `call` answers. `turn` is entered when there is a thread for it. Cancelling the caller cuts the line."""
        await self._places.acquire()
        running: asyncio.Future[T] | None = None
        try:
            async with turn():
                line = Line(timeout_s=self._silence_s)
                running = asyncio.get_running_loop().run_in_executor(self._executor, call, line)
                self._running[running] = line
                running.add_done_callback(self._ended)
                try:
                    answer = await asyncio.shield(running)
                finally:
                    line.cut()
        finally:
            if running is None:
                self._places.release()
        return answer

    async def aclose(self) -> None:
        """Cuts all lines and waits for the threads, which then end at once or at the end of a bounded request."""
        for line in self._running.values():
            line.cut()
        if self._running:
            await asyncio.wait(tuple(self._running), timeout=self._silence_s)
        self._executor.shutdown(wait=False, cancel_futures=True)

    def _ended(self, running: asyncio.Future[Any]) -> None:
        del self._running[running]
        self._places.release()
        if not running.cancelled():
            # Whether or not anybody still waits for it, it has been seen.
            running.exception()
