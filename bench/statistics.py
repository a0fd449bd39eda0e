"""Milliseconds of the statistics over a journal of a million transactions, on SQLite and PostgreSQL.

    python -m bench.statistics [--transactions 1000000] [--rounds 200]

The journal is written in bulk: a month of recharges, holds and captures of 10,000 users, of whom one has a third of
all; hashes are left out, since no statistics read them. Each question is asked with all but the newest 2,000 summed,
which is what a busy second leaves; with 100,000 not summed; and with nothing summed, which shows what the sums are
for. The steps that sum are timed, too, and holds per second with them beside those without, in pairs of rounds.
"""

from __future__ import annotations

import argparse
import asyncio
import statistics
import tempfile
import time
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

from pydantic import SecretStr
from sqlalchemy import (
    BigInteger,
    Column,
    ColumnElement,
    Connection,
    FromClause,
    String,
    and_,
    case,
    cast,
    func,
    insert,
    literal,
    literal_column,
    null,
    select,
    text,
    update,
)

from bench.ledger import MIGRATIONS, drive, fresh_ledger, hold, ledger_on, reservations
from kit.clock import SystemClock
from kit.db.database import Database
from kit.db.migrate import upgrade
from kit.db.settings import DatabaseSettings
from kit.db.uow import Units
from services.billing.domain.statistics import HOURS_LIMIT, QUARTER, HourSpan
from services.billing.store.statistics import StatisticsTables
from services.billing.store.tables import CHAIN_HEAD, POSTINGS, TRANSACTIONS
from services.billing.store.uow import BillingUnit
from services.billing.usecases.statistics import Statistics
from services.billing.workers.roll_up import BATCH, RollUp
from tests.databases import postgres

USERS = 10_000
HOT_USER = 1
MONTH = timedelta(days=30)

# What a busy second leaves.
NEWEST = 2000
CALLERS = 64
PAIRS = 12
HOLDS = 8000

# Of ten transactions one is a recharge of 100, five are holds of 10, four are captures.
_N = literal_column("n", BigInteger())
_IS_RECHARGE, _IS_HOLD = _N % 10 == 0, _N % 2 == 1
_IS_CAPTURE = and_(~_IS_RECHARGE, ~_IS_HOLD)
_USER = cast(case((_N % 3 == 0, HOT_USER), else_=_N % USERS + 1), String)
_FEATURE = case((_N % 20 < 10, "tts"), else_="llm_rewrite")
_BALANCE = 1000


def _numbers(dialect: str, number: int) -> FromClause:
    """A column `n` of the numbers from 1 on."""
    if dialect == "postgresql":
        return func.generate_series(1, number).table_valued("n").render_derived(name="numbers")
    first = select(literal(1).label("n")).cte("numbers", recursive=True)
    return first.union_all(select(first.c.n + 1).where(first.c.n < number))


def _time(dialect: str, number: int, now: datetime) -> ColumnElement[Any]:
    first_us, spacing_us = int((now - MONTH).timestamp() * 1e6), int(MONTH.total_seconds() * 1e6) // number
    microseconds = first_us + _N * spacing_us
    return func.to_timestamp(microseconds / 1e6) if dialect == "postgresql" else microseconds


def fill(connection: Connection, number: int, now: datetime) -> None:
    """Writes so many transactions that end now."""
    dialect = connection.dialect.name
    numbers = _numbers(dialect, number)
    transactions: dict[Column[Any], ColumnElement[Any]] = {
        TRANSACTIONS.c.id: _N,
        TRANSACTIONS.c.kind: case((_IS_RECHARGE, "recharge"), (_IS_HOLD, "reserve"), else_="capture"),
        TRANSACTIONS.c.request_key: literal("bench:") + cast(_N, String),
        TRANSACTIONS.c.input_hash: literal(""),
        TRANSACTIONS.c.feature_key: _FEATURE,
        TRANSACTIONS.c.description: literal(""),
        TRANSACTIONS.c.create_time: _time(dialect, number, now),
        TRANSACTIONS.c.previous_hash: literal(""),
        TRANSACTIONS.c.hash: literal(""),
    }
    connection.execute(
        insert(TRANSACTIONS).from_select(list(transactions), select(*transactions.values()).select_from(numbers))
    )
    balance = literal(_BALANCE)
    for condition, account, credits, after in (
        (_IS_RECHARGE, literal("grants"), -100, null()),
        (_IS_RECHARGE, literal("user:") + _USER, 100, balance),
        (_IS_HOLD, literal("user:") + _USER, -10, balance),
        (_IS_HOLD, literal("held:") + _USER, 10, balance),
        (_IS_CAPTURE, literal("held:") + _USER, -10, balance),
        (_IS_CAPTURE, literal("consumption"), 10, null()),
    ):
        rows = select(_N, account, literal(credits), after).select_from(numbers).where(condition)
        connection.execute(insert(POSTINGS).from_select([column.name for column in POSTINGS.columns], rows))
    connection.execute(update(CHAIN_HEAD).values(transaction_id=number))


def percentiles(seconds: Sequence[float]) -> str:
    in_order = sorted(seconds)
    return f"{statistics.median(in_order) * 1000:,.1f} | {in_order[int(len(in_order) * 0.99)] * 1000:,.1f}"


async def timed(ask: Callable[[], Awaitable[object]], rounds: int) -> list[float]:
    waits: list[float] = []
    for _ in range(rounds):
        start = time.perf_counter()
        await ask()
        waits.append(time.perf_counter() - start)
    return waits


async def ask_all(name: str, answers: Statistics, now: datetime, *, rounds: int) -> None:
    """A line for each question."""
    hour = timedelta(hours=1)
    start = datetime.fromtimestamp(now.timestamp() // QUARTER.total_seconds() * QUARTER.total_seconds(), now.tzinfo)
    span = HourSpan(start - HOURS_LIMIT * hour + QUARTER, HOURS_LIMIT)
    questions: tuple[tuple[str, Callable[[], Awaitable[object]]], ...] = (
        ("totals", answers.totals),
        ("72 hours", partial(answers.consumption, span)),
        ("a user's entries", partial(answers.entries, [USERS])),
        ("the busiest user's", partial(answers.entries, [HOT_USER])),
    )
    for question, ask in questions:
        await ask()
        print(f"| {name} | {question} | {percentiles(await timed(ask, rounds))} |", flush=True)


async def sum_until(units: Units[BillingUnit], left: int) -> list[float]:
    """Seconds of each step until at most so many transactions are not summed."""
    waits: list[float] = []
    while await units.read(lambda unit: unit.rollup.behind()) > left:
        start = time.perf_counter()
        await units.write(lambda unit: unit.rollup.advance(limit=BATCH))
        waits.append(time.perf_counter() - start)
    return waits


async def measure(url: str, number: int, rounds: int) -> None:
    clock = SystemClock()
    now = clock.now()
    settings = DatabaseSettings(url=SecretStr(url), synchronous="FULL", statement_timeout_ms=600_000)
    database = await Database.open(settings, name="bench")
    engine = database.dialect_name
    await database.write(lambda connection: fill(connection, number, now))
    if engine == "postgresql":
        # What autovacuum does while a journal grows.
        await database.write(lambda connection: connection.execute(text("ANALYZE")))
    units = Units(database, lambda connection: BillingUnit(connection, clock))
    answers = Statistics(StatisticsTables(database), units)
    await ask_all(f"{engine}, nothing summed", answers, now, rounds=max(3, rounds // 50))
    steps = await sum_until(units, 100_000)
    await ask_all(f"{engine}, 100,000 not summed", answers, now, rounds=max(3, rounds // 10))
    steps += await sum_until(units, NEWEST)
    print(f"| {engine} | a step of {BATCH:,} | {percentiles(steps)} |", flush=True)
    await ask_all(f"{engine}, {NEWEST:,} not summed", answers, now, rounds=rounds)
    await database.close()


async def holds_per_second(url: str, number: int, *, first: int, with_sums: bool) -> float:
    stop = asyncio.Event()
    async with ledger_on(url) as (writer, units), asyncio.TaskGroup() as group:
        if with_sums:
            group.create_task(RollUp(units).run(stop))
        figures = await drive(partial(hold, writer), reservations(number, USERS, first=first), CALLERS)
        stop.set()
    return figures.per_second


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--transactions", type=int, default=1_000_000)
    parser.add_argument("--rounds", type=int, default=200)
    arguments = parser.parse_args()
    print("| journal | question | p50 ms | p99 ms |")
    print("| --- | --- | ---: | ---: |")
    with tempfile.TemporaryDirectory() as folder:
        url = f"sqlite:///{Path(folder) / 'billing.db'}"
        upgrade(url, MIGRATIONS)
        asyncio.run(measure(url, arguments.transactions, arguments.rounds))
    with postgres() as server, server.fresh_database() as url:
        upgrade(url, MIGRATIONS)
        asyncio.run(measure(url, arguments.transactions, arguments.rounds))
    compare_holds()


def compare_holds() -> None:
    """Holds per second without and with the worker that sums, in turns. The latter also sums what the former left."""
    ratios: list[float] = []
    with tempfile.TemporaryDirectory() as folder:
        url = fresh_ledger(Path(folder), USERS)
        for pair in range(PAIRS):
            first = 2 * pair * HOLDS
            alone = asyncio.run(holds_per_second(url, HOLDS, first=first, with_sums=False))
            beside = asyncio.run(holds_per_second(url, HOLDS, first=first + HOLDS, with_sums=True))
            ratios.append(beside / alone)
    spread = f"{min(ratios):.2f} to {max(ratios):.2f}"
    print(f"holds/s with sums by holds/s without: {statistics.median(ratios):.2f} ({spread})")


if __name__ == "__main__":
    main()
