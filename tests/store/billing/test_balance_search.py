"""Users by what they can spend, on both engines."""

from __future__ import annotations

import pytest
from sqlalchemy import insert

from kit.db.database import Database
from kit.errors import Precondition
from services.billing.domain.balance_search import CreditBounds, UsersFound
from services.billing.store.balance_pages import BalancePages
from services.billing.store.tables import ACCOUNTS
from services.billing.usecases.balance_search import BalanceSearch
from tests.store.migrated import migrated_database


async def _open_accounts(database: Database, balances: dict[int, int]) -> None:
    rows = [{"user_id": user, "available": credits, "held": 5, "version": 1} for user, credits in balances.items()]
    await database.write(lambda connection: connection.execute(insert(ACCOUNTS), rows) and None)


async def _found(database: Database, lowest: int | None, highest: int | None) -> tuple[set[int], bool]:
    found: UsersFound = await BalanceSearch(BalancePages(database)).find(CreditBounds(lowest, highest))
    return set(found.user_ids), found.is_all_but


async def test_who_is_named(database_url: str) -> None:
    async with migrated_database(database_url, "billing") as database:
        await _open_accounts(database, {1: 0, 2: 100, 3: 200})
        only, all_but = False, True
        for lowest, highest, wanted in (
            (100, None, ({2, 3}, only)),
            (101, 200, ({3}, only)),
            (1, 99, (set(), only)),
            (5, 4, (set(), only)),
            (None, -1, (set(), only)),
            # Who never had credits is within, and unknown here.
            (None, 100, ({3}, all_but)),
            (0, None, (set(), all_but)),
            (0, 0, ({2, 3}, all_but)),
            (None, None, (set(), all_but)),
        ):
            assert await _found(database, lowest, highest) == wanted, (lowest, highest)


async def test_too_many_to_name(database_url: str) -> None:
    async with migrated_database(database_url, "billing") as database:
        await _open_accounts(database, {1: 100, 2: 100, 3: 200})
        search = BalanceSearch(BalancePages(database), limit=2)
        assert len((await search.find(CreditBounds(1, 199))).user_ids) == 2
        with pytest.raises(Precondition, match="SEARCH_TOO_WIDE"):
            await search.find(CreditBounds(1, None))
