"""What the use cases need from other services."""

from __future__ import annotations

from typing import Protocol


class UserDirectory(Protocol):
    """Users, as the auth service knows them."""

    async def account_of(self, user_id: int) -> str | None:
        """The account name; None when there is no such user. Raises Unavailable."""
        ...
