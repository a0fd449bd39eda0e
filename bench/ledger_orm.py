"""What the ledger is compared with: one SQLModel session per request, as applications are commonly written."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any

from sqlalchemy import Engine, event, insert
from sqlmodel import Field, Session, SQLModel, create_engine, select

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


def _engine(url: str, users: int, credits: int) -> Engine:
    engine = create_engine(url)
    event.listen(engine, "connect", _with_full_flush)
    SQLModel.metadata.create_all(engine)
    with engine.begin() as connection:
        rows = [{"user_id": user, "available": credits, "held": 0} for user in range(1, users + 1)]
        connection.execute(insert(OrmAccount), rows)
    return engine


def orm_session_each(url: str, asked: Sequence[Reservation], *, users: int, credits: int) -> list[float]:
    """When each request was done, after the time of the start: one thread, so that none waits for a lock.

    It writes less than the ledger does: three rows and no hash.
    """
    engine = _engine(url, users, credits)
    ends = [time.perf_counter()]
    for reservation in asked:
        with Session(engine) as session:
            _reserve(session, reservation)
        ends.append(time.perf_counter())
    engine.dispose()
    return ends


def _reserve(session: Session, asked: Reservation) -> None:
    taken = session.exec(select(OrmHold).where(OrmHold.request_id == asked.request_id)).first()
    assert taken is None, "every request of a round is new"
    account = session.get(OrmAccount, asked.user_id)
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
    session.commit()
