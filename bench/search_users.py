"""How long lists and searches take among 100,000 users and 100,000 activities, on both databases.

    python -m bench.search_users [--rows 100000] [--times 30] [--rounds 3]

Fills migrated databases of auth and of billing by bulk insert. Each question is asked for its first page and its
total, one after another; a search by balance asks billing first, as the edge does, without the way between them. Of
several rounds the best is printed: others use the same machine. SQLite has no statistics of its tables, as in service.
"""

from __future__ import annotations

import argparse
import asyncio
import random
import statistics
import tempfile
import time
from collections.abc import Awaitable, Callable, Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import psycopg
from pydantic import SecretStr
from sqlalchemy import Connection, Table, insert

from bench.search import best, p99
from kit.db.database import Database
from kit.db.migrate import upgrade
from kit.db.settings import DatabaseSettings
from services.auth.domain.activities import ActivityFilter, ActivityStatus
from services.auth.domain.materials import MaterialKind
from services.auth.domain.paging import Page
from services.auth.domain.user_lists import UserFilter, UserPeriods
from services.auth.domain.users import UserStatus
from services.auth.store.activity_pages import ActivityPages
from services.auth.store.tables import ACTIVITIES, MATERIALS, USERS
from services.auth.store.user_pages import UserPages
from services.auth.workers import activity_types
from services.billing.domain.balance_search import CreditBounds
from services.billing.store.balance_pages import BalancePages
from services.billing.store.tables import ACCOUNTS
from services.billing.usecases.balance_search import BalanceSearch
from tests.databases import postgres

SERVICES = Path(__file__).resolve().parents[1] / "services"
NOW = datetime(2026, 1, 1, tzinfo=UTC)
MONTH = timedelta(days=30)
DAY = timedelta(days=1)
BULK = 5_000
Ask = Callable[[], Awaitable[object]]
Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Urls:
    """The two databases that a search by balance needs."""

    auth: str
    billing: str


def users(rows: int) -> list[Row]:
    """One in a thousand an administrator, one in fifty frozen, registered over a year."""
    return [
        {
            "uuid": f"{number:036}",
            "account": f"user{number:06}",
            "account_key": f"user{number:06}",
            "password_hash": "x" * 97,
            "is_admin": number % 1000 == 0,
            "status": "frozen" if number % 50 == 1 else "active",
            "create_time": NOW - timedelta(days=365) * (rows - number) / rows,
            "update_time": NOW,
            "last_login_time": NOW,
        }
        for number in range(1, rows + 1)
    ]


def materials(rows: int) -> list[Row]:
    """Ten for every twentieth user."""
    kinds = list(MaterialKind)
    return [
        {"user_id": user, "kind": kinds[turn % 5].value, "item_id": f"works_{user}_{turn}.mp4", "create_time": NOW}
        for user in range(20, rows + 1, 20)
        for turn in range(10)
    ]


def activities(rows: int) -> list[Row]:
    """Over a month, a tenth of them one user's."""
    dice = random.SystemRandom()
    return [
        {
            "user_id": 7 if number % 10 == 0 else dice.randint(1, rows),
            "account": "somebody",
            "type": dice.choice(activity_types.ALL).value,
            "status": dice.choices(list(ActivityStatus), weights=(85, 10, 3, 2))[0].value,
            "description": "用户 somebody 的语音合成任务已完成",
            "details": '{"task_id": "tts_0123456789abcdef", "credits": 10}',
            "create_time": NOW - MONTH * (rows - number) / rows,
        }
        for number in range(rows)
    ]


def accounts(rows: int) -> list[Row]:
    """Nine in ten users have one; balances from 0 to 999."""
    return [
        {"user_id": user, "available": user * 7919 % 1000, "held": 0, "version": 1}
        for user in range(1, rows + 1)
        if user % 10
    ]


async def fill(urls: Urls, rows: int) -> None:
    """Everything into both databases."""
    wanted: dict[str, list[tuple[Table, list[Row]]]] = {
        urls.auth: [(USERS, users(rows)), (MATERIALS, materials(rows)), (ACTIVITIES, activities(rows))],
        urls.billing: [(ACCOUNTS, accounts(rows))],
    }
    for url, tables in wanted.items():
        database = await Database.open(DatabaseSettings(url=SecretStr(url)), name="fill")
        for table, content in tables:
            for first in range(0, len(content), BULK):
                await database.write(partial(_insert, table=table, rows=content[first : first + BULK]))
        await database.close()
        if url.startswith("postgresql"):
            # What the server's own vacuuming does within a minute.
            with psycopg.connect(url.replace("+psycopg", ""), autocommit=True) as connection:
                connection.execute("VACUUM ANALYZE")


def _insert(connection: Connection, *, table: Table, rows: list[Row]) -> None:
    connection.execute(insert(table), rows)


def user_filters() -> dict[str, UserFilter]:
    """Each filter that auth knows, then some together."""
    return {
        "nothing": UserFilter(),
        "q, all": UserFilter(keyword="USER"),
        "q, a hundred": UserFilter(keyword="r0420"),
        "q, none": UserFilter(keyword="nobody"),
        "is_admin": UserFilter(is_admin=True),
        "is_active": UserFilter(status=UserStatus.ACTIVE),
        "not is_active": UserFilter(status=UserStatus.FROZEN),
        "q, is_admin, is_active": UserFilter(keyword="user", is_admin=False, status=UserStatus.ACTIVE),
    }


def activity_filters() -> dict[str, ActivityFilter]:
    """Each filter, for one user and for everybody."""
    month, kind = NOW - MONTH, activity_types.TTS.value
    return {
        "everybody's": ActivityFilter(month),
        "everybody's, one type": ActivityFilter(month, type=kind),
        "everybody's, status": ActivityFilter(month, status=ActivityStatus.WARNING),
        "everybody's, type and status": ActivityFilter(month, type=kind, status=ActivityStatus.FAILED),
        "one user's 10,000": ActivityFilter(month, user_id=7),
        "one user's, type": ActivityFilter(month, user_id=7, type=kind),
    }


def asks(auth: Database, billing: Database) -> dict[str, Ask]:
    """Every measured question."""
    pages, told, search = UserPages(auth), ActivityPages(auth), BalanceSearch(BalancePages(billing))
    first = Page()
    found: dict[str, Ask] = {
        f"users: {name}": partial(pages.with_counts, wanted, first) for name, wanted in user_filters().items()
    }
    found["users: page 4,000"] = partial(pages.with_counts, UserFilter(), Page(20, 80_000))
    found["users: 100 with lists"] = partial(pages.with_lists, UserFilter(), Page(100))
    found["users: numbers"] = partial(pages.stats, UserPeriods(NOW - DAY, NOW - 7 * DAY))

    async def by_balance(bounds: CreditBounds, keyword: str | None) -> None:
        named = await search.find(bounds)
        chosen = {"all_but" if named.is_all_but else "only": named.user_ids}
        await pages.with_counts(UserFilter(keyword=keyword, **chosen), first)

    for name, bounds, keyword in (
        ("credits_min 990", CreditBounds(990), None),
        ("credits_min 500", CreditBounds(500), None),
        ("credits_min 1", CreditBounds(1), None),
        ("credits_max 500", CreditBounds(None, 500), None),
        ("q, credits_min 100", CreditBounds(100), "r0420"),
    ):
        found[f"users: {name}"] = partial(by_balance, bounds, keyword)
    for name, wanted in activity_filters().items():
        found[f"activities: {name}"] = partial(told.page, wanted, first)
    found["activities: page 4,000"] = partial(told.page, ActivityFilter(NOW - MONTH), Page(20, 80_000))
    for days in (7, 30):
        starts = [NOW - back * DAY for back in reversed(range(days))]
        found[f"activities: numbers of {days} days"] = partial(told.stats, starts)
    return found


async def measured(urls: Urls, times: int) -> dict[str, list[float]]:
    """Milliseconds of each question."""
    waits: dict[str, list[float]] = {}
    async with AsyncExitStack() as stack:
        opened = []
        for url in (urls.auth, urls.billing):
            opened.append(await Database.open(DatabaseSettings(url=SecretStr(url)), name="bench"))
            stack.push_async_callback(opened[-1].close)
        for name, ask in asks(*opened).items():
            await ask()
            for _ in range(times):
                start = time.perf_counter()
                await ask()
                waits.setdefault(name, []).append((time.perf_counter() - start) * 1000)
    return waits


def table(on_sqlite: Mapping[str, list[float]], on_postgres: Mapping[str, list[float]]) -> str:
    """In Markdown."""
    lines = ["| question | SQLite p50, p99 ms | PostgreSQL p50, p99 ms |", "| --- | ---: | ---: |"]
    for name, waits in on_sqlite.items():
        shown = [f"{statistics.median(each):.1f}, {p99(each):.1f}" for each in (waits, on_postgres[name])]
        lines.append(f"| {name} | {shown[0]} | {shown[1]} |")
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=100_000)
    parser.add_argument("--times", type=int, default=30)
    parser.add_argument("--rounds", type=int, default=3)
    arguments = parser.parse_args()
    with (
        tempfile.TemporaryDirectory() as folder,
        postgres() as server,
        server.fresh_database() as auth,
        server.fresh_database() as billing,
    ):
        sqlite = Urls(f"sqlite:///{Path(folder) / 'auth.db'}", f"sqlite:///{Path(folder) / 'billing.db'}")
        rounds: dict[Urls, list[dict[str, list[float]]]] = {sqlite: [], Urls(auth, billing): []}
        for urls in rounds:
            upgrade(urls.auth, SERVICES / "auth" / "migrations")
            upgrade(urls.billing, SERVICES / "billing" / "migrations")
            asyncio.run(fill(urls, arguments.rows))
        for _ in range(arguments.rounds):
            for urls, done in rounds.items():
                done.append(asyncio.run(measured(urls, arguments.times)))
    on_sqlite, on_postgres = (best(done) for done in rounds.values())
    print(table(on_sqlite, on_postgres))


if __name__ == "__main__":
    main()
