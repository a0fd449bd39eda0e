"""The cheap way to write one log line per request."""

from __future__ import annotations

import asyncio
import sys
import time
from collections.abc import Mapping
from typing import Any, BinaryIO

import orjson

_MAX_BUFFERED = 512


class LineBuffer:
    """Collects lines and writes those of one loop turn with a single call. Belongs to one thread."""

    def __init__(self) -> None:
        self._stream: BinaryIO | None = None
        self._lines: list[bytes] = []
        self._is_flush_due = False
        self._millisecond = -1
        self._head = b""

    def redirect(self, stream: BinaryIO | None) -> None:
        """Writes to `stream` from now on; None means standard error."""
        self.flush()
        self._stream = stream

    def add(self, fields: Mapping[str, Any]) -> None:
        """Queues a line of at least one field. Without a running event loop it is written at once."""
        self._lines.append(self._stamp() + orjson.dumps(fields, option=orjson.OPT_APPEND_NEWLINE)[1:])
        if len(self._lines) >= _MAX_BUFFERED:
            self._write()
        elif not self._is_flush_due:
            self._flush_at_end_of_turn()

    def flush(self) -> None:
        """Writes what is queued. A reader that went away is no reason to fail."""
        self._is_flush_due = False
        self._write()

    def _flush_at_end_of_turn(self) -> None:
        try:
            loop = asyncio.get_running_loop()
        except RuntimeError:
            self._write()
            return
        self._is_flush_due = True
        loop.call_soon(self.flush)

    def _write(self) -> None:
        if not self._lines:
            return
        data = b"".join(self._lines)
        self._lines.clear()
        stream = self._stream if self._stream is not None else sys.stderr.buffer
        try:
            stream.write(data)
            stream.flush()
        except (OSError, ValueError):
            return

    def _stamp(self) -> bytes:
        millisecond = int(time.time() * 1000)
        # The calls of a batch end together.
        if millisecond != self._millisecond:
            self._millisecond = millisecond
            second, rest = divmod(millisecond, 1000)
            text = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(second))
            self._head = f'{{"level":"info","event":"access","timestamp":"{text}.{rest:03d}Z",'.encode()
        return self._head
