"""Sums over the whole journal: what was summed before, and the end that was not. Reads outside of the ledger's
threads, so that nobody's balance waits."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import asynccontextmanager
from typing import Any

from sqlalchemy import BigInteger, bindparam, select
from sqlalchemy.ext.asyncio import AsyncConnection

from kit.db.database import Database
from services.billing.domain.statistics import Tally
from services.billing.store.journal_sums import IS_CONSUMPTION, by_account, by_quarter
from services.billing.store.tables import (
    CONSUMPTION_TOTALS,
    CREDIT_TOTALS,
    POSTINGS,
    STATISTICS_HEAD,
)

_SUMMED = select(STATISTICS_HEAD.c.transaction_id)
_NOT_SUMMED = POSTINGS.c.transaction_id > bindparam("summed", type_=BigInteger())
_TOTALS = select(CREDIT_TOTALS)
_NEW_TOTALS = by_account(_NOT_SUMMED)
_CONSUMPTION = select(CONSUMPTION_TOTALS).where(
    CONSUMPTION_TOTALS.c.quarter >= bindparam("first"), CONSUMPTION_TOTALS.c.quarter < bindparam("end")
)
_NEW_CONSUMPTION = by_quarter(_NOT_SUMMED, IS_CONSUMPTION)


class StatisticsTables:
    """Exact at the moment of the answer, however far the sums have come."""

    def __init__(self, database: Database) -> None:
        self._database = database
        # On SQLite every transaction reads one snapshot.
        is_postgresql = database.dialect_name == "postgresql"
        self._options: Mapping[str, Any] = {"isolation_level": "REPEATABLE READ"} if is_postgresql else {}

    async def totals(self) -> dict[str, Tally]:
        """By account; those of all users together as `user` and `held`."""
        async with self._snapshot() as connection:
            summed = await _summed(connection)
            rows = [*await connection.execute(_TOTALS), *await connection.execute(_NEW_TOTALS, {"summed": summed})]
        return {account: tally for (account,), tally in _tallied(rows).items()}

    async def consumption(self, quarters: range) -> dict[tuple[int, str], Tally]:
        """By quarter of an hour and feature."""
        async with self._snapshot() as connection:
            summed = await _summed(connection)
            span = {"first": quarters.start, "end": quarters.stop}
            rows = [
                *await connection.execute(_CONSUMPTION, span),
                *await connection.execute(_NEW_CONSUMPTION, {"summed": summed}),
            ]
        return {
            (quarter, feature): tally for (quarter, feature), tally in _tallied(rows).items() if quarter in quarters
        }

    @asynccontextmanager
    async def _snapshot(self) -> AsyncIterator[AsyncConnection]:
        """What is summed may not change between two statements."""
        async with self._database.session() as session:
            yield await session.connection(execution_options=self._options)


async def _summed(connection: AsyncConnection) -> int:
    return int((await connection.execute(_SUMMED)).scalar_one())


def _tallied(rows: Iterable[Any]) -> dict[tuple[Any, ...], Tally]:
    """Rows of a key, a number and credits, added up by the key."""
    tallies: dict[tuple[Any, ...], Tally] = {}
    for *key, number, credits in rows:
        known = tallies.get(tuple(key), Tally())
        tallies[tuple(key)] = known.plus(Tally(number, credits))
    return tallies
