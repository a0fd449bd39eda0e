"""A password hasher that costs nothing and counts what it was asked."""

from __future__ import annotations

import asyncio


class FakeHasher:
    """`verified` counts the passwords that were checked. Checks wait for one another until `crowd` of them wait."""

    def __init__(self, *, crowd: int = 1) -> None:
        self.verified = 0
        self._crowd = asyncio.Barrier(crowd)

    async def hash(self, password: str) -> str:
        return f"hash of {password}"

    async def verify(self, password_hash: str | None, password: str) -> bool:
        self.verified += 1
        async with self._crowd:
            return password_hash == f"hash of {password}"

    def needs_rehash(self, password_hash: str) -> bool:
        return False
