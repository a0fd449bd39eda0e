"""Turns as one process may have them, and a record of who asked."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from services.speech.engines.dashscope.turns import Limit, NoTurn


class FakeTurns:
    """Grants every turn at once, or none."""

    def __init__(self) -> None:
        self.taken: list[str] = []
        self.running = 0
        self.is_full = False

    @asynccontextmanager
    async def turn(self, limit: Limit, *, within_s: float) -> AsyncIterator[None]:
        if self.is_full:
            raise NoTurn
        self.taken.append(limit.name)
        self.running += 1
        try:
            yield
        finally:
            self.running -= 1
