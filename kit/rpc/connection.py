"""Whether a peer is connected, for those whose calls found nobody."""

from __future__ import annotations

import asyncio
import time

import grpc
from grpc import aio

_PATIENCE_S = 2.0


class Connection:
    """Waits for a channel that has lost all its replicas.

    While a service rolls, a caller may know only the replica that leaves: then names are asked for and connections
    made. To ask again and again meanwhile would spend the retries of all callers on nobody. A peer that has been away
    for longer than two seconds is not waited for any more.
    """

    def __init__(self, channel: aio.Channel) -> None:
        self._channel = channel
        self._lost_at: float | None = None

    @property
    def is_lost(self) -> bool:
        """A call found nobody, and none has come through since."""
        return self._lost_at is not None

    def answered(self) -> None:
        """A call came through."""
        self._lost_at = None

    async def is_back(self, timeout_s: float) -> bool:
        """Waits until there is a replica, for so many seconds at most."""
        if self._is_ready():
            return True
        now = time.monotonic()
        if self._lost_at is None:
            self._lost_at = now
        try:
            async with asyncio.timeout(min(timeout_s, self._lost_at + _PATIENCE_S - now)):
                while not self._is_ready():
                    await self._channel.wait_for_state_change(self._channel.get_state())
        except TimeoutError:
            return False
        return True

    def _is_ready(self) -> bool:
        return self._channel.get_state(try_to_connect=True) is grpc.ChannelConnectivity.READY
