"""Reading users."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from kit.db.uow import Units
from kit.errors import DomainError
from services.auth.domain.errors import field_invalid, user_not_found
from services.auth.domain.materials import NO_MATERIALS, Profile
from services.auth.domain.users import AccessTokenClaims, User
from services.auth.store.uow import AuthUnit

BATCH_LIMIT = 500
FOUND_LIMIT = 10_000


class UserReader:
    """Reads users for themselves and for other services."""

    def __init__(self, units: Units[AuthUnit]) -> None:
        self._units = units

    async def profiles(self, tokens: Sequence[AccessTokenClaims]) -> list[Profile | DomainError]:
        """The holders of the tokens.

        In place of one: NotFound (USER_NOT_FOUND), Forbidden (ACCOUNT_FROZEN), Unauthenticated (TOKEN_EXPIRED).
        """
        user_ids = list({token.user_id for token in tokens})
        users, lists = await self._units.read(
            lambda unit: (unit.users.find_many(user_ids), unit.materials.lists(user_ids))
        )
        profiles = {user_id: Profile(user, lists.get(user_id, NO_MATERIALS)) for user_id, user in users.items()}
        return [_holder(profiles, token) for token in tokens]

    async def batch(self, user_ids: Sequence[int]) -> list[User]:
        """The users that exist, in the order of the ids. Raises Invalid for more than BATCH_LIMIT ids."""
        if len(user_ids) > BATCH_LIMIT:
            raise field_invalid("user_ids", f"一次最多查询 {BATCH_LIMIT} 个用户")
        found = await self._units.read(lambda unit: unit.users.find_many(user_ids))
        return [found[user_id] for user_id in user_ids if user_id in found]

    async def find_ids(self, keyword: str, *, limit: int) -> tuple[list[int], bool]:
        """Users by part of their account, and whether there are more. Raises Invalid."""
        if not keyword or "\0" in keyword:
            raise field_invalid("keyword", "关键词无效")
        if not 1 <= limit <= FOUND_LIMIT:
            raise field_invalid("limit", f"数量须在 1 至 {FOUND_LIMIT} 之间")
        found = await self._units.read(lambda unit: unit.users.find_ids(keyword, limit + 1))
        return found[:limit], len(found) > limit


def _holder(found: Mapping[int, Profile], token: AccessTokenClaims) -> Profile | DomainError:
    profile = found.get(token.user_id)
    if profile is None:
        return user_not_found()
    try:
        profile.user.require_access(token)
    except DomainError as refusal:
        return refusal
    return profile
