"""Names to addresses for connections that must stay outside."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Awaitable, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TypeAlias

from aiohttp.abc import AbstractResolver, ResolveResult

from kit.net.errors import FetchRefused

Resolve: TypeAlias = Callable[[str], Awaitable[Sequence[str]]]
"""The textual addresses of a name. Raises OSError when there are none."""

_THREADS = 4
_MAX_ADDRESSES = 8


class SystemResolver:
    """Asks the system in threads of its own: names of strangers may hang, and must not keep others waiting."""

    def __init__(self) -> None:
        self._threads = ThreadPoolExecutor(max_workers=_THREADS, thread_name_prefix="resolve")

    async def __call__(self, name: str) -> Sequence[str]:
        found = await asyncio.get_running_loop().run_in_executor(self._threads, _look_up, name)
        # Without repetition, in the order of the system's preference.
        return tuple(dict.fromkeys(found))

    def close(self) -> None:
        """Waits for no look-up that is under way."""
        self._threads.shutdown(wait=False, cancel_futures=True)


class GuardedResolver(AbstractResolver):
    """Answers the addresses of a name if all of them are allowed.

    The connection is made to what is answered here, so no second answer of a name server can change it.
    """

    def __init__(self, resolve: Resolve, is_allowed: Callable[[str], bool]) -> None:
        self._resolve = resolve
        self._is_allowed = is_allowed

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC
    ) -> list[ResolveResult]:
        """Raises FetchRefused when any address is not allowed, OSError when there is none."""
        del family  # Both kinds are judged, whichever is wanted.
        addresses = (await self._resolve(host))[:_MAX_ADDRESSES]
        if not addresses:
            raise OSError("the name has no address")
        if not all(self._is_allowed(address) for address in addresses):
            raise FetchRefused("the name leads to an address that is not public")
        return [_result(host, address, port) for address in addresses]

    async def close(self) -> None:
        """Nothing to release: whoever made the look-up ends it."""


def _look_up(name: str) -> list[str]:
    return [str(found[4][0]) for found in socket.getaddrinfo(name, None, type=socket.SOCK_STREAM)]


def _result(host: str, address: str, port: int) -> ResolveResult:
    return ResolveResult(
        hostname=host,
        host=address,
        port=port,
        family=socket.AF_INET6 if ":" in address else socket.AF_INET,
        proto=socket.IPPROTO_TCP,
        flags=socket.AI_NUMERICHOST,
    )
