"""Reading users."""

from __future__ import annotations

from collections.abc import Sequence

from kit.db.uow import Units
from services.auth.domain.errors import field_invalid, user_not_found
from services.auth.domain.users import AccessTokenClaims, User
from services.auth.store.uow import AuthUnit

BATCH_LIMIT = 500


class UserReader:
    """Reads users for themselves and for other services."""

    def __init__(self, units: Units[AuthUnit]) -> None:
        self._units = units
        self._by_id = units.keyed(_find_many)

    async def profile(self, token: AccessTokenClaims) -> User:
        """The holder of the token.

        Raises NotFound (USER_NOT_FOUND), Forbidden (ACCOUNT_FROZEN), Unauthenticated (TOKEN_EXPIRED).
        """
        user = await self._by_id.get(token.user_id)
        if user is None:
            raise user_not_found()
        user.require_access(token)
        return user

    async def batch(self, user_ids: Sequence[int]) -> list[User]:
        """The users that exist, in the order of the ids. Raises Invalid for more than BATCH_LIMIT ids."""
        if len(user_ids) > BATCH_LIMIT:
            raise field_invalid("user_ids", f"一次最多查询 {BATCH_LIMIT} 个用户")
        found = await self._units.read(lambda unit: unit.users.find_many(user_ids))
        return [found[user_id] for user_id in user_ids if user_id in found]


def _find_many(unit: AuthUnit, user_ids: Sequence[int]) -> dict[int, User]:
    return unit.users.find_many(user_ids)
