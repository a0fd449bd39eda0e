"""Resident memory of billing's writer over many holds, on one SQLite file.

python -m bench.ledger_memory [--callers 64] [--holds 100000]
"""

from __future__ import annotations

import argparse
import asyncio
import tempfile
from functools import partial
from pathlib import Path

import psutil

from bench.ledger import drive, fresh_ledger, hold, ledger_writer, reservations

PARTS = 10
USERS = 10_000


async def measure(url: str, holds: int, callers: int) -> None:
    process, part = psutil.Process(), holds // PARTS
    print("| holds | resident, MiB |")
    print("| ---: | ---: |")
    async with ledger_writer(url) as writer:
        for number in range(PARTS):
            await drive(partial(hold, writer), reservations(part, USERS, first=number * part), callers)
            print(f"| {(number + 1) * part:,} | {process.memory_info().rss / 2**20:.1f} |")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--callers", type=int, default=64)
    parser.add_argument("--holds", type=int, default=100_000)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        asyncio.run(measure(fresh_ledger(Path(folder), USERS), arguments.holds, arguments.callers))


if __name__ == "__main__":
    main()
