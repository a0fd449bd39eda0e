"""What the use cases need from other services."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Protocol


class UserDirectory(Protocol):
    """Users, as the auth service knows them."""

    async def accounts_of(self, user_ids: Collection[int]) -> Mapping[int, str]:
        """The account names of those who exist. Raises Unavailable."""
        ...
