"""After 50 renders, half of them with a fault, there is no thread, no socket and no process more than before."""

from __future__ import annotations

import asyncio
import threading
from pathlib import Path

import psutil

from tests.emulators.dashscope.faults import HttpFaults
from tests.fakes.orders import FakeOrders
from tests.polling import eventually
from tests.unit.video.dashscope.conftest import Studio, open_engine

FAULTS = (
    HttpFaults(),
    HttpFaults(task_ends="FAILED"),
    HttpFaults(),
    HttpFaults(resets=True),
    HttpFaults(result_status=403),
)


async def test_nothing_is_left_of_50_renders(studio: Studio) -> None:
    sockets, threads, processes = _open_sockets(), _threads(), len(psutil.Process().children())
    studio.engine = open_engine(studio.settings, FakeOrders(studio.clock, most=10), studio.clock)
    done = 0
    for place, studio.emulator.faults.http in enumerate(FAULTS):
        renders = (studio.render(f"{place}-{number}") for number in range(10))
        results = await asyncio.gather(*renders, return_exceptions=True)
        done += sum(not isinstance(result, BaseException) for result in results)
    assert done == 20
    await studio.engine.aclose()
    await eventually(lambda: _threads() <= threads and len(psutil.Process().children()) <= processes)
    await eventually(lambda: _open_sockets() <= sockets)


def _threads() -> set[str]:
    """Those of calls; the loop's own come and go."""
    return {thread.name for thread in threading.enumerate() if thread.name.startswith(("dashscope", "Thread-"))}


def _open_sockets() -> int:
    links = (entry.readlink().name for entry in Path("/proc/self/fd").iterdir() if entry.is_symlink())
    return sum(name.startswith("socket:") for name in links)
