"""The provider's limits on submissions, kept by all processes of the service together."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Limit:
    """At most `per_second` submissions of one kind of work, over the whole account."""

    name: str
    per_second: float

    @property
    def interval_us(self) -> int:
        """Microseconds from one submission to the next."""
        return round(1_000_000 / self.per_second)


class NoTurn(Exception):
    """So many wait already that this submission would not have its turn in time."""


class Turns(Protocol):
    """Hands out turns, evenly spaced, to all processes that share an account."""

    async def take(self, limit: Limit, *, within_s: float) -> None:
        """Returns when it is the caller's turn. Raises NoTurn at once if that is later than in `within_s`.

        A turn that is not used is lost.
        """
        ...


class NoTurns:
    """`Turns` of settings that are only looked at: nobody may submit anything."""

    async def take(self, limit: Limit, *, within_s: float) -> None:
        """Raises NoTurn."""
        raise NoTurn(f"{limit.name}: none within {within_s} s")
