"""The reads that front ends repeat, and logins, beside a FastAPI monolith with the same rows.

    python -m bench.edge [REQUEST …] [--seconds 3] [--rounds 9] [--login-seconds 15]

Without names: `profile`, `task` (GET /api/task/{id}, which is asked while a task is waited for), `voices`, `prices`
(GET /api/user/credits/features), `balance` and `login`. `recharge` and `deduct` change the balance of a user, which
both sides flush to the disk before they answer: an administrator gives and takes a credit.

Both servers and the load generator share the machine. Short runs alternate, so that a machine that changes its
speed changes it for both; figures are medians, the ratio is the median over the pairs. Beside logins stands what argon2
alone does on as many threads, and how late the event loops of edge and auth were meanwhile, by their own metric.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import re
import statistics
import tempfile
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import aiohttp
import uvloop
from argon2 import PasswordHasher

from bench.request.load import Load
from bench.request.sides import CHANGES, LOGIN, READS, SETTINGS, USER, Request, Subject, fastapi_peer, measure
from bench.request.sides import voxreel_subject as open_voxreel
from bench.stack import Stack, running_stack
from cli.stack.data_dir import DataDir
from cli.stack.state import read_state

REQUESTS = {**READS, "login": LOGIN, **CHANGES}
_USUAL = (*READS, "login")
_LOOPS = ("edge", "auth")


@dataclass(frozen=True, slots=True)
class Figures:
    """Runs of one request on both sides, pair by pair: what the load saw, and microseconds of CPU a request."""

    ours: Sequence[tuple[Load, float]]
    theirs: Sequence[tuple[Load, float]]

    def row(self, name: str) -> str:
        """A row of the table."""
        ratios = [mine.rate / other.rate for (mine, _), (other, _) in zip(self.ours, self.theirs, strict=True)]
        ratio = f"**{statistics.median(ratios):.1f}** ({min(ratios):.1f} to {max(ratios):.1f})"
        return f"| {name} | {_side(self.ours)} | {_side(self.theirs)} | {ratio} |"


def _side(runs: Sequence[tuple[Load, float]]) -> str:
    rate, p50, p99 = (
        statistics.median(getattr(load, name) for load, _cpu in runs) for name in ("rate", "p50_ms", "p99_ms")
    )
    cpu = statistics.median(cpu for _load, cpu in runs)
    return f"{rate:,.0f} | {p50:.1f}, {p99:.1f} | {cpu:,.0f}"


async def compare(request: Request, sides: tuple[Subject, Subject], arguments: argparse.Namespace) -> Figures:
    """Runs in turns."""
    runs: tuple[list[tuple[Load, float]], list[tuple[Load, float]]] = ([], [])
    for _ in range(arguments.rounds):
        for side, found in zip(sides, runs, strict=True):
            found.append(await measure(request, side, arguments.seconds))
    return Figures(*runs)


def verifications_per_second(seconds: float) -> float:
    """What argon2 alone does, on as many threads as auth has for it."""
    hasher = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)
    password = USER["password"]
    known = hasher.hash(password)
    end = time.perf_counter() + seconds

    def verify_until_the_end() -> int:
        count = 0
        while time.perf_counter() < end:
            hasher.verify(known, password)
            count += 1
        return count

    threads = os.cpu_count() or 1
    with ThreadPoolExecutor(threads) as pool:
        counts = list(pool.map(lambda _: verify_until_the_end(), range(threads)))
    return sum(counts) / seconds


async def loop_delays(stack: Stack) -> dict[str, float]:
    """Median milliseconds of the last ten seconds by which loops were late, by process."""
    state = read_state(DataDir(stack.data_dir).state_file)
    assert state is not None
    found: dict[str, float] = {}
    async with aiohttp.ClientSession() as session:
        for name in _LOOPS:
            url = f"http://127.0.0.1:{state.components[name].probe_port}/metrics"
            async with session.get(url) as response:
                text = await response.text()
            value = re.search(rf"^voxreel_loop_lag_median_seconds{{app=\"{name}\"}} (\S+)", text, re.MULTILINE)
            assert value is not None
            found[name] = float(value[1]) * 1000
    return found


async def report_login(stack: Stack, voxreel: Subject, arguments: argparse.Namespace) -> None:
    """Prints what logins are limited by, and how late loops are meanwhile. Bare argon2 and logins take turns."""
    bare, logins = [], []
    for _ in range(arguments.rounds):
        bare.append(await asyncio.to_thread(verifications_per_second, arguments.seconds))
        logins.append((await measure(LOGIN, voxreel, arguments.seconds))[0].rate)
    shares = [login / alone for login, alone in zip(logins, bare, strict=True)]
    await measure(LOGIN, voxreel, arguments.login_seconds)
    delays = ", ".join(f"{name} {delay:.2f}" for name, delay in (await loop_delays(stack)).items())
    print(f"\nlogins/s {statistics.median(logins):.1f}, argon2 alone {statistics.median(bare):.1f}", end="; ")
    print(f"share, median of pairs: {statistics.median(shares):.2f}")
    print(f"median delay of the loops in {arguments.login_seconds:.0f} s of logins, ms: {delays}", flush=True)


async def run(arguments: argparse.Namespace, stack: Stack, peer: Subject) -> None:
    """Prints the table, a row as soon as it is known."""
    voxreel = await open_voxreel(stack)
    print("| request | Voxreel/s | p50, p99 ms | CPU µs | FastAPI/s | p50, p99 ms | CPU µs | ratio of rates |")
    print("| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: |")
    for name in arguments.requests:
        print((await compare(REQUESTS[name], (voxreel, peer), arguments)).row(name), flush=True)
    if "login" in arguments.requests:
        await report_login(stack, voxreel, arguments)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("requests", nargs="*", metavar="REQUEST", default=_USUAL)
    parser.add_argument("--seconds", type=float, default=3)
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--login-seconds", type=float, default=15)
    arguments = parser.parse_args()
    if unknown := set(arguments.requests) - REQUESTS.keys():
        parser.error(f"{', '.join(sorted(unknown))}: none of {', '.join(REQUESTS)}")
    with (
        tempfile.TemporaryDirectory() as folder,
        running_stack(Path(folder) / "data", environment=SETTINGS) as stack,
        fastapi_peer(Path(folder)) as peer,
    ):
        uvloop.run(run(arguments, stack, peer))


if __name__ == "__main__":
    main()
