"""Finding users by what they can spend."""

from __future__ import annotations

from services.billing.domain.balance_search import FOUND_LIMIT, CreditBounds, UsersFound
from services.billing.domain.errors import search_too_wide
from services.billing.store.balance_pages import BalancePages


class BalanceSearch:
    """Searches the accounts of all users."""

    def __init__(self, pages: BalancePages, *, limit: int = FOUND_LIMIT) -> None:
        self._pages = pages
        self._limit = limit

    async def find(self, bounds: CreditBounds) -> UsersFound:
        """Whose balance is within the bounds. Raises Precondition (SEARCH_TOO_WIDE)."""
        search = self._pages.outside if bounds.holds_zero else self._pages.within
        user_ids = await search(bounds, limit=self._limit + 1)
        if len(user_ids) > self._limit:
            raise search_too_wide()
        return UsersFound(user_ids, is_all_but=bounds.holds_zero)
