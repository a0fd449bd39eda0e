"""Lists and numbers of users, for administrators."""

from __future__ import annotations

from enum import Enum, auto

from kit.db.uow import Units
from services.auth.domain.paging import Page
from services.auth.domain.user_lists import ListedUser, UserFilter, UserPeriods, UserStats
from services.auth.domain.users import AccessTokenClaims
from services.auth.store.uow import AuthUnit
from services.auth.store.user_pages import UserPages
from services.auth.usecases.callers import require_admin


class MaterialView(Enum):
    """How much of the material lists is read."""

    COUNTS = auto()
    LISTS = auto()


class UserLists:
    """Every method raises Forbidden or Unauthenticated for a caller who is no active administrator now."""

    def __init__(self, units: Units[AuthUnit], pages: UserPages) -> None:
        self._units = units
        self._pages = pages

    async def page(
        self, token: AccessTokenClaims, wanted: UserFilter, *, page: Page, view: MaterialView
    ) -> tuple[list[ListedUser], int]:
        """Users newest first, and how many there are in all."""
        await self._units.read(lambda unit: require_admin(unit, token))
        if view is MaterialView.LISTS:
            return await self._pages.with_lists(wanted, page)
        return await self._pages.with_counts(wanted, page)

    async def stats(self, token: AccessTokenClaims, periods: UserPeriods) -> UserStats:
        """All users at once."""
        await self._units.read(lambda unit: require_admin(unit, token))
        return await self._pages.stats(periods)
