"""Ids that count, so that a test can foresee them."""

from __future__ import annotations

import uuid


class FakeIds:
    """Each call answers the next number, in the shape of the real ids."""

    def __init__(self) -> None:
        self._count = 0

    def _next(self) -> int:
        self._count += 1
        return self._count

    def random(self, prefix: str = "") -> str:
        return f"{prefix}{self._next():026d}"

    def uuid(self) -> str:
        return str(uuid.UUID(int=self._next()))

    def ordered(self, prefix: str = "") -> str:
        return prefix + str(uuid.UUID(int=self._next()))
