"""Reading activities."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from itertools import pairwise

from kit.db.uow import Units
from services.auth.domain.activities import DAYS_LIMIT, Activity, ActivityFilter, ActivityStats
from services.auth.domain.errors import field_invalid
from services.auth.domain.paging import Page
from services.auth.domain.users import AccessTokenClaims
from services.auth.store.activity_pages import ActivityPages
from services.auth.store.uow import AuthUnit
from services.auth.usecases.callers import require_admin, require_caller


class ActivityReader:
    """Activities as their readers may see them."""

    def __init__(self, units: Units[AuthUnit], pages: ActivityPages) -> None:
        self._units = units
        self._pages = pages

    async def page(self, token: AccessTokenClaims, wanted: ActivityFilter, page: Page) -> tuple[list[Activity], int]:
        """The caller's own, everybody's for an administrator; newest first, and how many there are in all.

        Raises NotFound (USER_NOT_FOUND), Forbidden (ACCOUNT_FROZEN), Unauthenticated.
        """
        caller = await self._units.read(lambda unit: require_caller(unit, token))
        if not caller.is_admin:
            wanted = replace(wanted, user_id=caller.id)
        return await self._pages.page(wanted, page)

    async def stats(self, token: AccessTokenClaims, day_starts: Sequence[datetime]) -> ActivityStats:
        """Everybody's. Raises Invalid (FIELD_INVALID), Forbidden (ADMIN_REQUIRED), Unauthenticated."""
        if not 1 <= len(day_starts) <= DAYS_LIMIT or any(first >= second for first, second in pairwise(day_starts)):
            raise field_invalid("day_starts", f"须为 1 至 {DAYS_LIMIT} 个递增的时间")
        await self._units.read(lambda unit: require_admin(unit, token))
        return await self._pages.stats(day_starts)
