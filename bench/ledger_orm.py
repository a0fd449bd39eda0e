"""What the ledger is compared with: one SQLModel session per request, as asyncio applications are commonly written."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from sqlalchemy import event, insert
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine
from sqlmodel import Field, SQLModel, select
from sqlmodel.ext.asyncio.session import AsyncSession

from services.billing.domain.holds import Reservation


class OrmAccount(SQLModel, table=True):
    """A balance."""

    user_id: int = Field(primary_key=True)
    available: int
    held: int = 0


class OrmHold(SQLModel, table=True):
    """What was set aside for a request."""

    id: int | None = Field(default=None, primary_key=True)
    request_id: str = Field(unique=True)
    user_id: int = Field(index=True)
    credits: int


class OrmEntry(SQLModel, table=True):
    """A line of an account."""

    id: int | None = Field(default=None, primary_key=True)
    user_id: int = Field(index=True)
    credits: int
    balance_after: int
    description: str


def _with_full_flush(connection: Any, _record: Any) -> None:
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = FULL")


async def _engine(url: str, users: int, credits: int) -> AsyncEngine:
    engine = create_async_engine(url)
    event.listen(engine.sync_engine, "connect", _with_full_flush)
    async with engine.begin() as connection:
        await connection.run_sync(SQLModel.metadata.create_all)
        rows = [{"user_id": user, "available": credits, "held": 0} for user in range(1, users + 1)]
        await connection.execute(insert(OrmAccount), rows)
    return engine


class OrmLedger:
    """Reserves credits, one session and one transaction for each request.

    It writes less than the ledger does: three rows and no hash.
    """

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine
        # SQLite has one writer at a time: those who wait here wait less than they would for its lock.
        self._writing = asyncio.Lock()

    async def reserve(self, asked: Reservation) -> None:
        """Answers after the commit."""
        async with self._writing, AsyncSession(self._engine) as session:
            await _reserve(session, asked)


@asynccontextmanager
async def orm_ledger(url: str, *, users: int, credits: int) -> AsyncIterator[OrmLedger]:
    """A fresh one, whose users have credits."""
    engine = await _engine(url, users, credits)
    yield OrmLedger(engine)
    await engine.dispose()


async def _reserve(session: AsyncSession, asked: Reservation) -> None:
    taken = (await session.exec(select(OrmHold).where(OrmHold.request_id == asked.request_id))).first()
    assert taken is None, "every request of a round is new"
    account = await session.get(OrmAccount, asked.user_id)
    assert account is not None
    assert asked.credits is not None
    assert account.available >= asked.credits
    account.available -= asked.credits
    account.held += asked.credits
    session.add(OrmHold(request_id=asked.request_id, user_id=asked.user_id, credits=asked.credits))
    entry = OrmEntry(
        user_id=asked.user_id,
        credits=-asked.credits,
        balance_after=account.available,
        description=asked.description,
    )
    session.add(entry)
    await session.commit()
