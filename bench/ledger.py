"""Holds per second: group commit, against one transaction per request, on one SQLite file with synchronous=FULL.

    python -m bench.ledger [--callers 64] [--holds 20000] [--rounds 3]

All sides have as many callers on one event loop as asked for, each with one request in flight. Groups and raw
transactions write the same rows of the same schema: hold, transaction, two postings, balance, head of the chain. Groups
are billing's own writer; a raw transaction is the bare sqlite3 module in one writer's thread. A third side is an ORM
session per request on tables of its own (bench/ledger_orm.py), and a fourth is no service at all: raw transactions in a
loop that nobody waits for, the limit of one flush each. Rounds of the sides take turns, and so do one account for all
callers and 10,000 accounts.
"""

from __future__ import annotations

import argparse
import asyncio
import sqlite3
import statistics
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from pathlib import Path

from pydantic import SecretStr

from bench.ledger_orm import orm_ledger
from kit.clock import SystemClock
from kit.db.database import Database
from kit.db.migrate import upgrade
from kit.db.settings import DatabaseSettings
from kit.db.uow import Units
from kit.events.envelope import EventSource
from kit.ids import RandomIds
from kit.process import tune_garbage_collection
from kit.rpc.context import CallContext
from services.billing.domain.book import LedgerState, decide
from services.billing.domain.holds import Hold, Reservation
from services.billing.domain.journal import ChainHead, sealed
from services.billing.domain.ledger import Balance
from services.billing.domain.pricing import FeaturePrice
from services.billing.events import BillingEvents
from services.billing.store.uow import BillingUnit
from services.billing.usecases.ledger_work import LedgerWork, Submission
from services.billing.usecases.ledger_writer import LedgerWriter

MIGRATIONS = Path(__file__).resolve().parent.parent / "services" / "billing" / "migrations"
CREDITS = 2**40
CALL = CallContext()
Reserve = Callable[[Reservation], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Figures:
    """What one round came to."""

    per_second: float
    p99_ms: float


def reservations(number: int, users: int, *, first: int = 0) -> list[Reservation]:
    hour = timedelta(hours=1)
    numbers = range(first, first + number)
    return [Reservation(f"t-{each}", each % users + 1, "tts", 10, "bench", hour) for each in numbers]


def fresh_ledger(folder: Path, users: int) -> str:
    """URL of a migrated ledger whose users have credits; how they came by them is not in its journal."""
    path = folder / "billing.db"
    upgrade(f"sqlite:///{path}", MIGRATIONS)
    connection = sqlite3.connect(path)
    with connection:
        rows = ((user, CREDITS) for user in range(1, users + 1))
        connection.executemany("INSERT INTO accounts (user_id, available, held, version) VALUES (?, ?, 0, 0)", rows)
    connection.close()
    return f"sqlite:///{path}"


def figures(seconds: float, waits: Sequence[float]) -> Figures:
    return Figures(len(waits) / seconds, sorted(waits)[int(len(waits) * 0.99)] * 1000)


@asynccontextmanager
async def ledger_on(url: str) -> AsyncIterator[tuple[LedgerWriter, Units[BillingUnit]]]:
    """Billing's own writer, and the units of work that it shares with billing's workers."""
    clock, ids = SystemClock(), RandomIds()
    database = await Database.open(DatabaseSettings(url=SecretStr(url), synchronous="FULL"), name="bench")
    units = Units(database, lambda connection: BillingUnit(connection, clock))
    work = LedgerWork(BillingEvents(EventSource("billing", ids, clock)), new_hold_id=partial(ids.ordered, "hold_"))
    async with LedgerWriter(units, work, clock) as writer:
        yield writer, units
    await database.close()


@asynccontextmanager
async def ledger_writer(url: str) -> AsyncIterator[LedgerWriter]:
    """Billing's own writer."""
    async with ledger_on(url) as (writer, _):
        yield writer


async def drive(reserve: Reserve, asked: Sequence[Reservation], callers: int) -> Figures:
    """So many requests in flight until all are done."""
    waits: list[float] = []
    queue = iter(asked)

    async def caller() -> None:
        for reservation in queue:
            start = time.perf_counter()
            await reserve(reservation)
            waits.append(time.perf_counter() - start)

    start = time.perf_counter()
    async with asyncio.TaskGroup() as group:
        for _ in range(callers):
            group.create_task(caller())
    return figures(time.perf_counter() - start, waits)


async def hold(writer: LedgerWriter, reservation: Reservation) -> None:
    """One request of one caller."""
    (result,) = await writer.perform([Submission(reservation, CALL)])
    assert isinstance(result, Hold), result


async def grouped(url: str, asked: Sequence[Reservation], callers: int) -> Figures:
    async with ledger_writer(url) as writer:
        return await drive(partial(hold, writer), asked, callers)


def grouped_in_a_loop(url: str, asked: Sequence[Reservation], callers: int) -> Figures:
    return asyncio.run(grouped(url, asked, callers))


class RawLedger:
    """One transaction per request on the bare driver, decided and hashed by the same code."""

    def __init__(self, url: str) -> None:
        self._connection = sqlite3.connect(url.removeprefix("sqlite:///"), isolation_level=None)
        self._connection.execute("PRAGMA journal_mode = WAL")
        self._connection.execute("PRAGMA synchronous = FULL")
        self._clock, self._ids = SystemClock(), RandomIds()
        self._prices = {"tts": FeaturePrice("tts", "tts", 10, self._clock.now())}

    def reserve(self, asked: Reservation) -> None:
        self._connection.execute("BEGIN IMMEDIATE")
        _reserve(self._connection, asked, self._prices, self._clock, self._ids)
        self._connection.execute("COMMIT")

    def close(self) -> None:
        self._connection.close()


async def raw(url: str, asked: Sequence[Reservation], callers: int) -> Figures:
    loop = asyncio.get_running_loop()
    with ThreadPoolExecutor(1) as thread:
        ledger = await loop.run_in_executor(thread, RawLedger, url)
        found = await drive(partial(loop.run_in_executor, thread, ledger.reserve), asked, callers)
        await loop.run_in_executor(thread, ledger.close)
    return found


def raw_in_a_loop(url: str, asked: Sequence[Reservation], callers: int) -> Figures:
    return asyncio.run(raw(url, asked, callers))


def raw_alone(url: str, asked: Sequence[Reservation]) -> Figures:
    """The fastest loop the driver allows: no event loop, no other thread."""
    ledger = RawLedger(url)
    waits = []
    start = done = time.perf_counter()
    for reservation in asked:
        begun, _ = done, ledger.reserve(reservation)
        done = time.perf_counter()
        waits.append(done - begun)
    ledger.close()
    return figures(done - start, waits)


def _reserve(
    connection: sqlite3.Connection,
    reservation: Reservation,
    prices: dict[str, FeaturePrice],
    clock: SystemClock,
    ids: RandomIds,
) -> None:
    user_id = reservation.user_id
    taken = connection.execute("SELECT id FROM holds WHERE request_id = ?", (reservation.request_id,)).fetchone()
    assert taken is None, "every request of a round is new"
    balance = connection.execute(
        "SELECT user_id, available, held, version FROM accounts WHERE user_id = ?", (user_id,)
    ).fetchone()
    state = LedgerState(balances={user_id: Balance(*balance)}, prices=prices)
    now = clock.now()
    decision = decide(state, reservation, now=now, new_hold_id=lambda: ids.random("hold_"))
    hold, after, draft = decision.opened, decision.balance, decision.draft
    assert hold is not None
    assert after is not None
    assert draft is not None
    head = connection.execute("SELECT transaction_id, hash FROM chain_head").fetchone()
    (transaction,) = sealed([draft], ChainHead(*head))
    connection.execute(
        "UPDATE accounts SET available = ?, held = ?, version = ? WHERE user_id = ?",
        (after.available, after.held, after.version, user_id),
    )
    created, expires = int(now.timestamp() * 1e6), int(hold.expire_time.timestamp() * 1e6)
    connection.execute(
        "INSERT INTO holds VALUES (?, ?, ?, ?, ?, ?, 0, 'open', ?, ?, NULL)",
        (hold.id, hold.request_id, hold.input_hash, user_id, hold.feature_key, hold.credits, created, expires),
    )
    connection.execute(
        "INSERT INTO transactions VALUES (?, ?, ?, ?, ?, ?, ?, NULL, ?, ?, ?)",
        (
            transaction.id,
            draft.kind.value,
            draft.request_key,
            draft.input_hash,
            hold.id,
            hold.feature_key,
            draft.description,
            created,
            transaction.previous_hash,
            transaction.hash,
        ),
    )
    for posting in draft.postings:
        connection.execute(
            "INSERT INTO postings VALUES (?, ?, ?, ?)",
            (transaction.id, posting.account, posting.credits, posting.balance_after),
        )
    connection.execute("UPDATE chain_head SET transaction_id = ?, hash = ?", (transaction.id, transaction.hash))


async def orm(path: Path, users: int, asked: Sequence[Reservation], callers: int) -> Figures:
    """An application's session per request."""
    async with orm_ledger(f"sqlite+aiosqlite:///{path}", users=users, credits=CREDITS) as ledger:
        return await drive(ledger.reserve, asked, callers)


def measured(run: Callable[[str], Figures], users: int) -> Figures:
    with tempfile.TemporaryDirectory() as folder:
        return run(fresh_ledger(Path(folder), users))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--callers", type=int, default=64)
    parser.add_argument("--holds", type=int, default=20_000)
    parser.add_argument("--rounds", type=int, default=3)
    arguments = parser.parse_args()
    # As every service does when it has started; all sides gain by it.
    tune_garbage_collection()
    found: dict[tuple[str, int], list[Figures]] = {}
    for _ in range(arguments.rounds):
        for users in (1, 10_000):
            asked = reservations(arguments.holds, users)
            sides: dict[str, Callable[[str], Figures]] = {
                "in groups": partial(grouped_in_a_loop, asked=asked, callers=arguments.callers),
                "one raw transaction each": partial(
                    raw_in_a_loop, asked=asked[: len(asked) // 5], callers=arguments.callers
                ),
                "raw transactions that nobody waits for": partial(raw_alone, asked=asked[: len(asked) // 5]),
            }
            for side, run in sides.items():
                found.setdefault((side, users), []).append(measured(run, users))
            with tempfile.TemporaryDirectory() as folder:
                orm_round = orm(Path(folder) / "orm.db", users, asked[: len(asked) // 20], arguments.callers)
                figure = asyncio.run(orm_round)
            found.setdefault(("one ORM session each", users), []).append(figure)
    print(f"| {arguments.callers} callers | accounts | holds/s | p99, ms |")
    print("| --- | ---: | ---: | ---: |")
    for (side, users), rounds in found.items():
        speed = statistics.median(each.per_second for each in rounds)
        print(f"| {side} | {users} | {speed:,.0f} | {statistics.median(each.p99_ms for each in rounds):.1f} |")


if __name__ == "__main__":
    main()
