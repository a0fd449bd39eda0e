"""Turns as one process may have them, and a record of who asked."""

from __future__ import annotations

from services.speech.engines.dashscope.turns import Limit, NoTurn


class FakeTurns:
    """Grants every turn at once, or none."""

    def __init__(self) -> None:
        self.taken: list[str] = []
        self.is_full = False

    async def take(self, limit: Limit, *, within_s: float) -> None:
        if self.is_full:
            raise NoTurn
        self.taken.append(limit.name)
