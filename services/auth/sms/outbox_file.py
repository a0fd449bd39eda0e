"""Codes written to a file in place of a provider, for machines without one."""

from __future__ import annotations

import asyncio
import json
import os
from pathlib import Path

from kit.clock import Clock
from services.auth.domain.phones import Phone


class OutboxFile:
    """Appends one line of JSON for each message: `phone`, `code` and `sent_at` (UTC, ISO 8601)."""

    def __init__(self, path: Path, clock: Clock) -> None:
        self._path = path
        self._clock = clock

    async def send(self, phone: Phone, code: str) -> None:
        """Appends the message. Raises OSError when the folder cannot be written."""
        message = {"phone": phone, "code": code, "sent_at": self._clock.now().isoformat(timespec="seconds")}
        await asyncio.to_thread(self._append, json.dumps(message) + "\n")

    def _append(self, line: str) -> None:
        self._path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        # One write: lines of several replicas do not mix. Codes are for the operator alone.
        descriptor = os.open(self._path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        try:
            os.write(descriptor, line.encode())
        finally:
            os.close(descriptor)
