"""argon2id in threads, so that a login never stops the event loop."""

from __future__ import annotations

import asyncio
import os
import secrets
import sys
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Self, TypeVar

from argon2 import PasswordHasher as Argon2
from argon2 import Type
from argon2.exceptions import InvalidHashError, VerificationError

from services.auth.domain.errors import hasher_busy

T = TypeVar("T")

# OWASP's smallest recommended argon2id: about 20 ms a hash. Memory is what costs an attacker.
_PASSES = 2
_MEMORY_KIB = 19 * 1024
_LANES = 1
_NICENESS = 5


def _step_back() -> None:
    """Lets everything else on the machine go first: as many of these threads as cores would delay all event loops."""
    if sys.platform == "linux":
        # There it counts for the calling thread alone.
        os.nice(_NICENESS)


class Argon2Hasher:
    """As many threads as cores; at most `queue_limit` passwords in them or waiting, more are refused."""

    def __init__(self, *, queue_limit: int) -> None:
        self._argon2 = Argon2(time_cost=_PASSES, memory_cost=_MEMORY_KIB, parallelism=_LANES, type=Type.ID)
        self._slots = threading.BoundedSemaphore(queue_limit)
        self._threads = ThreadPoolExecutor(
            max_workers=os.cpu_count() or 1, thread_name_prefix="argon2", initializer=_step_back
        )
        # What an unknown account is checked against. Nobody knows the password.
        self._nobody = self._argon2.hash(secrets.token_bytes(32))

    @classmethod
    async def open(cls, *, queue_limit: int) -> Self:
        """A hasher, made in a thread: making one hashes once."""
        return await asyncio.to_thread(lambda: cls(queue_limit=queue_limit))

    async def hash(self, password: str) -> str:
        """A salted hash. Raises RateLimited (TOO_MANY_REQUESTS) when too many wait."""
        return await self._run(lambda: self._argon2.hash(password))

    async def verify(self, password_hash: str | None, password: str) -> bool:
        """Whether the password is right; None costs the same and is never right. Raises RateLimited."""
        is_right = await self._run(lambda: self._is_right(password_hash or self._nobody, password))
        return is_right and password_hash is not None

    def needs_rehash(self, password_hash: str) -> bool:
        return self._argon2.check_needs_rehash(password_hash)

    async def close(self) -> None:
        """Lets running hashes finish; waiting ones are cancelled."""
        await asyncio.to_thread(self._threads.shutdown, cancel_futures=True)

    def _is_right(self, password_hash: str, password: str) -> bool:
        try:
            return self._argon2.verify(password_hash, password)
        except (VerificationError, InvalidHashError):
            return False

    async def _run(self, work: Callable[[], T]) -> T:
        if not self._slots.acquire(blocking=False):
            raise hasher_busy()
        future = self._threads.submit(work)
        # Also called when the caller gave up: the slot is taken as long as the thread is.
        future.add_done_callback(lambda _: self._slots.release())
        return await asyncio.wrap_future(future)
