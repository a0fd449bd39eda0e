"""Keeps a TokenVerifier supplied with the auth service's public keys."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress

from kit.errors import DomainError
from kit.rpc.tokens import TokenVerifier

FetchKeys = Callable[[], Awaitable[Mapping[str, str]]]

_FIRST_RETRY_S = 0.05
_LAST_RETRY_S = 2.0
_REFRESH_S = 300.0
# A token with an invented key id must not become a call to the auth service each time.
_SHORTEST_REFRESH_S = 2.0


class KeyKeeper:
    """Fetches the keys until it has them, then every few minutes and when a token names an unknown one."""

    def __init__(self, verifier: TokenVerifier, fetch: FetchKeys) -> None:
        self._verifier = verifier
        self._fetch = fetch
        self.has_keys = asyncio.Event()

    async def step(self) -> None:
        """One fetch. Raises DomainError when the auth service cannot be asked."""
        self._verifier.misses_key.clear()
        self._verifier.set_keys(await self._fetch())
        self.has_keys.set()

    async def run(self, stop: asyncio.Event) -> None:
        """Runs until stopped."""
        retry_s = _FIRST_RETRY_S
        while not stop.is_set():
            try:
                await self.step()
                retry_s = _FIRST_RETRY_S
                await _first_of(stop, timeout_s=_SHORTEST_REFRESH_S)
                await _first_of(stop, self._verifier.misses_key, timeout_s=_REFRESH_S)
            except DomainError:
                await _first_of(stop, timeout_s=retry_s)
                retry_s = min(retry_s * 2, _LAST_RETRY_S)


async def _first_of(*events: asyncio.Event, timeout_s: float) -> None:
    waits = [asyncio.ensure_future(event.wait()) for event in events]
    try:
        await asyncio.wait(waits, timeout=timeout_s, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for wait in waits:
            wait.cancel()
        with suppress(asyncio.CancelledError):
            await asyncio.gather(*waits, return_exceptions=True)
