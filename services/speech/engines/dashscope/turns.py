"""The provider's limits, kept by all processes of the service together."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from math import ceil
from typing import Protocol

_US_PER_S = 1_000_000
_SPARE = 1.05


@dataclass(frozen=True, slots=True)
class Limit:
    """At most `per_second` submissions of one kind of work begin, over the whole account, and `most_running` of them
    run at a time; 0 is no limit."""

    name: str
    per_second: float
    most_running: int = 0

    @property
    def interval_us(self) -> int:
        """Microseconds from one submission to the next, a little more than allowed: the way is not always equally
        long, and how the provider counts is not known."""
        return ceil(_US_PER_S * _SPARE / self.per_second)


class NoTurn(Exception):
    """So many wait already that this submission would not have its turn in time."""


class Turns(Protocol):
    """Hands out turns, evenly spaced, to all processes that share an account."""

    def turn(self, limit: Limit, *, within_s: float) -> AbstractAsyncContextManager[None]:
        """Is entered when it is the caller's turn, and left when the submission has ended.

        `within_s` is the caller's time for all of it. Raises NoTurn when the turn would come later than that. A turn
        that is not used is lost.
        """
        ...


class NoTurns:
    """`Turns` of settings that are only looked at: nobody may submit anything."""

    @asynccontextmanager
    async def turn(self, limit: Limit, *, within_s: float) -> AsyncIterator[None]:
        """Raises NoTurn."""
        if limit.per_second > 0:
            raise NoTurn(f"{limit.name}: none within {within_s} s")
        yield
