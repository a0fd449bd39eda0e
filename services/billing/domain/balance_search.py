"""Finding users by what they can spend."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

FOUND_LIMIT = 300_000


@dataclass(frozen=True, slots=True)
class CreditBounds:
    """Both inclusive; None is no bound."""

    lowest: int | None = None
    highest: int | None = None

    @property
    def holds_zero(self) -> bool:
        """Whether a user who never had credits is within."""
        return (self.lowest is None or self.lowest <= 0) and (self.highest is None or self.highest >= 0)


@dataclass(frozen=True, slots=True)
class UsersFound:
    """The users within the bounds, or when `is_all_but` those outside of them."""

    user_ids: Sequence[int]
    is_all_but: bool
