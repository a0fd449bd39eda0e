"""Users by their balances. Reads outside of the ledger's threads, so that a long list delays no balance."""

from __future__ import annotations

from collections.abc import Sequence

import orjson
from sqlalchemy import ColumnElement, String, and_, cast, func, not_, select, true

from kit.db.database import Database
from services.billing.domain.balance_search import CreditBounds
from services.billing.store.tables import ACCOUNTS


class BalancePages:
    """Owners of accounts. A user who never had credits has none."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def within(self, bounds: CreditBounds, *, limit: int) -> Sequence[int]:
        """Who can spend an amount within the bounds, at most `limit` of them."""
        return await self._owners(_is_within(bounds), limit)

    async def outside(self, bounds: CreditBounds, *, limit: int) -> Sequence[int]:
        """Who cannot, at most `limit` of them."""
        return await self._owners(not_(_is_within(bounds)), limit)

    async def _owners(self, condition: ColumnElement[bool], limit: int) -> Sequence[int]:
        chosen = select(ACCOUNTS.c.user_id).where(condition).limit(limit).subquery()
        # One text of all ids costs a quarter of as many rows, and read as JSON a quarter of splitting it.
        ids = select(func.aggregate_strings(cast(chosen.c.user_id, String), ","))
        async with self._database.session() as session:
            connection = await session.connection()
            found: str | None = (await connection.execute(ids)).scalar_one()
        owners: list[int] = [] if found is None else orjson.loads(f"[{found}]")
        return owners


def _is_within(bounds: CreditBounds) -> ColumnElement[bool]:
    conditions: list[ColumnElement[bool]] = [true()]
    if bounds.lowest is not None:
        conditions.append(ACCOUNTS.c.available >= bounds.lowest)
    if bounds.highest is not None:
        conditions.append(ACCOUNTS.c.available <= bounds.highest)
    return and_(*conditions)
