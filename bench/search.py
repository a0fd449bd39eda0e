"""How long the searches of administrators take among 100,000 entries and 100,000 cards, on both databases.

    python -m bench.search [--rows 100000] [--times 40] [--rounds 3]

Fills a migrated ledger by bulk insert: entries of 1,000 users over a year, two in nine of them a card or a recharge
with a text of its own, and cards in batches of 100. Each filter is asked for its first page and its total, one after
another. Of several rounds the best is printed: others use the same machine.
"""

from __future__ import annotations

import argparse
import asyncio
import random
import sqlite3
import statistics
import tempfile
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import psycopg
from pydantic import SecretStr

from bench.ledger import MIGRATIONS
from kit.db.database import Database
from kit.db.migrate import upgrade
from kit.db.settings import DatabaseSettings
from services.billing.domain.card_lists import CardFilter
from services.billing.domain.cards import CODE_BYTES, CardStatus, code_of
from services.billing.domain.entry_lists import EntryFilter
from services.billing.domain.ledger import EntryType
from services.billing.store.card_pages import CardPages
from services.billing.store.entry_pages import EntryPages
from tests.databases import postgres

USERS = 1000
CREDITS = 1_000_000
BATCH = 100
START = datetime(2025, 1, 1, tzinfo=UTC)
YEAR = timedelta(days=365)
NOW = START + YEAR
PAGE = 20
MICROSECOND = timedelta(microseconds=1)
Row = tuple[object, ...]
Ask = Callable[[], Awaitable[object]]


@dataclass(frozen=True, slots=True)
class Filling:
    """Rows by table, in the order of their columns below."""

    rows: Mapping[str, list[Row]]


COLUMNS = {
    "accounts": ("user_id", "available", "held", "version"),
    "holds": (
        "id",
        "request_id",
        "input_hash",
        "user_id",
        "feature_key",
        "credits",
        "captured_credits",
        "state",
        "create_time",
        "expire_time",
        "settle_time",
    ),
    "transactions": (
        "id",
        "kind",
        "request_key",
        "input_hash",
        "hold_id",
        "feature_key",
        "description",
        "operator_user_id",
        "create_time",
        "previous_hash",
        "hash",
    ),
    "postings": ("transaction_id", "account", "credits", "balance_after"),
    "card_batches": (
        "id",
        "request_key",
        "input_hash",
        "number",
        "package_key",
        "package_name",
        "credits",
        "price_fen",
        "quantity",
        "description",
        "expire_time",
        "operator_user_id",
        "create_time",
    ),
    "cards": ("id", "code", "batch_id", "state", "used_by_user_id", "use_time", "redeem_key"),
}
HASH = "0" * 64
# What moves, as the ledger does it: most of all are holds that are captured.
MOVES = ("use", "use", "use", "use", "give back", "recharge", "redeem")
SPEECH = "TTS语音合成消耗积分"


class Journal:
    """Rows of a ledger as they would be, but for hashes and balances."""

    def __init__(self, rows: dict[str, list[Row]], dice: random.SystemRandom) -> None:
        self._rows = rows
        self._dice = dice
        self.entries = 0

    def move(self, when: datetime) -> None:
        """What one user does or is given."""
        user = self._dice.randint(1, USERS)
        match self._dice.choice(MOVES):
            case "use":
                # One in fifty takes less than was held.
                back = 4 if self._dice.randrange(50) == 0 else 0
                self._hold(user, when, "capture", back=back)
            case "give back":
                self._hold(user, when, "release", back=10)
            case "recharge":
                ticket = f"客服补偿积分，工单 {self._dice.randint(1, 10**6)}"
                self._write("recharge", user, when, ticket, gained=self._dice.randint(1, 5000), operator=1)
            case _:
                code = code_of(self._dice.randbytes(CODE_BYTES))
                self._write("redeem_card", user, when, f"激活卡密 {code}，获得 3100 积分（30元充值）", gained=3100)

    def _hold(self, user: int, when: datetime, ending: str, *, back: int) -> None:
        hold = f"hold_{len(self._rows['holds'])}"
        captured, state = (10 - back, "captured") if ending == "capture" else (0, "released")
        row = (hold, hold, HASH, user, "tts", 10, captured, state, when, when + YEAR, when)
        self._rows["holds"].append(row)
        self._write("reserve", user, when, SPEECH, gained=-10, hold=hold)
        self._write(ending, user, when, SPEECH, gained=back, hold=hold)

    def _write(
        self,
        kind: str,
        user: int,
        when: datetime,
        description: str,
        *,
        gained: int,
        hold: str | None = None,
        operator: int | None = None,
    ) -> None:
        number = len(self._rows["transactions"]) + 1
        key = f"{kind}:{number}" if hold is None else f"{'reserve' if kind == 'reserve' else 'settle'}:{hold}"
        feature = None if hold is None else "tts"
        shown = description if gained else ""
        row = (number, kind, key, HASH, hold, feature, shown, operator, when, HASH, HASH)
        self._rows["transactions"].append(row)
        held = 0 if hold is None else 10 if kind == "reserve" else -10
        sides = ((f"user:{user}", gained, CREDITS), (f"held:{user}", held, 0), ("grants", -gained - held, None))
        self._rows["postings"] += [(number, *side) for side in sides if side[1]]
        self.entries += gained != 0


def filling(rows: int) -> Filling:
    """So many entries and cards. Captures that are no entries come on top of them."""
    dice = random.SystemRandom()
    found: dict[str, list[Row]] = {name: [] for name in COLUMNS}
    found["accounts"] = [(user, CREDITS, 0, 0) for user in range(1, USERS + 1)]
    journal = Journal(found, dice)
    while journal.entries < rows:
        journal.move(START + YEAR * journal.entries / rows)
    _add_cards(found, rows, dice)
    return Filling(found)


def _add_cards(found: dict[str, list[Row]], rows: int, dice: random.SystemRandom) -> None:
    for batch in range(1, rows // BATCH + 1):
        made = START + YEAR * batch * BATCH / rows
        number, package = f"BATCH_{made:%Y%m%d}_{batch:04}", dice.choice(("recharge_30", "recharge_6"))
        expires = made + timedelta(days=dice.choice((30, 730)))
        fixed = (package, "30元充值", 3100, 3000, BATCH, "新年活动卡密", expires, batch % 5 + 1, made)
        found["card_batches"].append((batch, f"1:{batch}", HASH, number, *fixed))
        for _ in range(BATCH):
            card = len(found["cards"]) + 1
            code, state = code_of(dice.randbytes(CODE_BYTES)), dice.choice(("active", "active", "used", "disabled"))
            used = (dice.randint(1, USERS), made, f"key:{card}") if state == "used" else (None, None, None)
            found["cards"].append((card, code, batch, state, *used))


def fill_sqlite(url: str, content: Filling) -> None:
    connection = sqlite3.connect(url.removeprefix("sqlite:///"))
    with connection:
        for table, columns in COLUMNS.items():
            places = ", ".join("?" * len(columns))
            statement = ("INSERT INTO", table, "(", ", ".join(columns), ") VALUES (", places, ")")
            connection.executemany(" ".join(statement), map(_for_sqlite, content.rows[table]))
    connection.execute("PRAGMA optimize")
    connection.close()


def _for_sqlite(row: Row) -> Row:
    epoch = datetime(1970, 1, 1, tzinfo=UTC)
    return tuple((value - epoch) // MICROSECOND if isinstance(value, datetime) else value for value in row)


def fill_postgres(url: str, content: Filling) -> None:
    """Also does at once what the server's own vacuuming does within a minute."""
    with psycopg.connect(url.replace("+psycopg", ""), autocommit=True) as connection:
        for table, columns in COLUMNS.items():
            statement = f"COPY {table} ({', '.join(columns)}) FROM STDIN"
            with connection.cursor() as cursor, cursor.copy(statement.encode()) as copy:
                for row in content.rows[table]:
                    copy.write_row(row)
        connection.execute("VACUUM ANALYZE")


def entry_filters() -> dict[str, EntryFilter]:
    """Each filter of the contract, then some together."""
    summer = START + timedelta(days=180)
    return {
        "nothing": EntryFilter(),
        "type feature_consume": EntryFilter(type=EntryType.FEATURE_CONSUME),
        "type refund": EntryFilter(type=EntryType.REFUND),
        "user": EntryFilter(user_id=7),
        "amount_min": EntryFilter(credits_min=100),
        "amount_max": EntryFilter(credits_max=-1),
        "date_from and date_to": EntryFilter(create_time_from=summer, create_time_before=summer + timedelta(days=90)),
        "q, Chinese": EntryFilter(keyword="补偿"),
        "q, Latin": EntryFilter(keyword="tts"),
        "q, a card's code": EntryFilter(keyword="A2B3C4D5E6F7G8H9"),
        "q, names of 100 users": EntryFilter(keyword="user1", keyword_user_ids=tuple(range(100, 200))),
        "q, type, date_from": EntryFilter(keyword="补偿", type=EntryType.ADMIN_RECHARGE, create_time_from=summer),
        "type, amount_max": EntryFilter(type=EntryType.FEATURE_CONSUME, credits_max=-10),
        "all of them": EntryFilter(
            user_id=7,
            type=EntryType.ADMIN_RECHARGE,
            credits_min=1,
            credits_max=4000,
            create_time_from=START,
            create_time_before=NOW,
            keyword="工单",
        ),
    }


def card_filters() -> dict[str, CardFilter]:
    """The same for cards."""
    summer = START + timedelta(days=180)
    return {
        "nothing": CardFilter(),
        "status active": CardFilter(status=CardStatus.ACTIVE),
        "status expired": CardFilter(status=CardStatus.EXPIRED),
        "status used": CardFilter(status=CardStatus.USED),
        "package_key": CardFilter(package_key="recharge_6"),
        "batch_number": CardFilter(batch_number=f"BATCH_{summer:%Y%m%d}_0500"),
        "created_admin_id": CardFilter(operator_user_id=3),
        "used_user_id": CardFilter(used_by_user_id=7),
        "date_from and date_to": CardFilter(create_time_from=summer, create_time_before=summer + timedelta(days=90)),
        "q, a batch": CardFilter(keyword="BATCH_"),
        "q, part of a code": CardFilter(keyword="A2B3"),
        "q, status, package_key": CardFilter(keyword="BATCH_", status=CardStatus.ACTIVE, package_key="recharge_30"),
    }


def asks(database: Database) -> dict[str, Ask]:
    """Every measured question."""
    entries, cards = EntryPages(database), CardPages(database)
    found: dict[str, Ask] = {}
    for name, wanted in entry_filters().items():
        found[f"transactions: {name}"] = lambda wanted=wanted: entries.search(wanted, limit=PAGE, offset=0)
    found["transactions: page 4,000"] = lambda: entries.search(EntryFilter(), limit=PAGE, offset=80_000)
    for name, wanted_cards in card_filters().items():
        found[f"cards: {name}"] = lambda wanted=wanted_cards: cards.page(wanted, NOW, limit=PAGE, offset=0)
    found["cards: page 4,000"] = lambda: cards.page(CardFilter(), NOW, limit=PAGE, offset=80_000)
    return found


async def measured(url: str, times: int) -> dict[str, list[float]]:
    """Milliseconds of each question."""
    database = await Database.open(DatabaseSettings(url=SecretStr(url)), name="bench")
    waits: dict[str, list[float]] = {}
    for name, ask in asks(database).items():
        await ask()
        for _ in range(times):
            start = time.perf_counter()
            await ask()
            waits.setdefault(name, []).append((time.perf_counter() - start) * 1000)
    await database.close()
    return waits


def best(rounds: Sequence[Mapping[str, list[float]]]) -> dict[str, list[float]]:
    """For each question the round with the lowest median."""
    return {name: min((each[name] for each in rounds), key=statistics.median) for name in rounds[0]}


def p99(waits: Sequence[float]) -> float:
    return sorted(waits)[min(len(waits) - 1, int(len(waits) * 0.99))]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=100_000)
    parser.add_argument("--times", type=int, default=40)
    parser.add_argument("--rounds", type=int, default=3)
    arguments = parser.parse_args()
    content = filling(arguments.rows)
    with tempfile.TemporaryDirectory() as folder, postgres() as server, server.fresh_database() as postgres_url:
        sqlite_url = f"sqlite:///{Path(folder) / 'billing.db'}"
        for url, fill in ((sqlite_url, fill_sqlite), (postgres_url, fill_postgres)):
            upgrade(url, MIGRATIONS)
            fill(url, content)
        rounds: dict[str, list[dict[str, list[float]]]] = {sqlite_url: [], postgres_url: []}
        for _ in range(arguments.rounds):
            for url, done in rounds.items():
                done.append(asyncio.run(measured(url, arguments.times)))
    on_sqlite, on_postgres = best(rounds[sqlite_url]), best(rounds[postgres_url])
    print("| filter | SQLite p50, p99 ms | PostgreSQL p50, p99 ms |")
    print("| --- | ---: | ---: |")
    for name, waits in on_sqlite.items():
        others = on_postgres[name]
        figures = (statistics.median(waits), p99(waits), statistics.median(others), p99(others))
        print(f"| {name} | {figures[0]:.1f}, {figures[1]:.1f} | {figures[2]:.1f}, {figures[3]:.1f} |")


if __name__ == "__main__":
    main()
