"""Guarded workers as they are: real processes, real limits."""

import asyncio
import os
import socket
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from kit.guarded.errors import WorkerBroke, WorkerTimedOut
from kit.guarded.limits import ProcessLimits
from kit.guarded.pool import GuardedPool
from kit.guarded.worker import Progress
from tests.unit.kit.guarded import jobs

TIMEOUT_S = 30.0
MIB = 1 << 20


@pytest.fixture
async def pool() -> AsyncIterator[GuardedPool[jobs.Counter]]:
    limits = ProcessLimits(address_space_bytes=512 * MIB, file_bytes=MIB, is_offline=True, niceness=5)
    async with GuardedPool(jobs.Counter, name="test", promised=(jobs.Promised,), limits=limits) as pool:
        yield pool


async def test_the_tool_is_made_once_in_another_process(pool: GuardedPool[jobs.Counter]) -> None:
    first = await pool.run(jobs.use, timeout_s=TIMEOUT_S)
    second = await pool.run(jobs.use, timeout_s=TIMEOUT_S)
    assert first[0] == second[0] != os.getpid()
    assert (first[1], second[1]) == (1, 2)


async def test_others_come_first_at_the_processors(pool: GuardedPool[jobs.Counter]) -> None:
    pid, _uses = await pool.run(jobs.use, timeout_s=TIMEOUT_S)
    assert os.getpriority(os.PRIO_PROCESS, pid) == min(os.getpriority(os.PRIO_PROCESS, 0) + 5, 19)


async def test_promised_errors_arrive_as_they_are_and_others_tell_nothing(pool: GuardedPool[jobs.Counter]) -> None:
    with pytest.raises(jobs.Promised, match="so"):
        await pool.run(jobs.refuse, "so", timeout_s=TIMEOUT_S)
    with pytest.raises(WorkerBroke) as caught:
        await pool.run(jobs.stumble, timeout_s=TIMEOUT_S)
    assert "private" not in str(caught.value)


async def test_a_worker_that_dies_takes_its_own_job_only(pool: GuardedPool[jobs.Counter]) -> None:
    with pytest.raises(WorkerBroke, match="7"):
        await pool.run(jobs.die, timeout_s=TIMEOUT_S)
    assert (await pool.run(jobs.use, timeout_s=TIMEOUT_S))[1] == 1


async def test_progress_is_told_stage_by_stage(pool: GuardedPool[jobs.Counter]) -> None:
    told: list[Progress] = []
    await pool.run(jobs.tell, ("detect", "render"), timeout_s=TIMEOUT_S, on_progress=told.append)
    assert told == [Progress("detect", 0.5), Progress("render", 1.0)]


async def test_progress_of_a_stopped_job_is_not_told_to_the_next(
    pool: GuardedPool[jobs.Counter], tmp_path: Path
) -> None:
    fifo = tmp_path / "never"
    os.mkfifo(fifo)
    told: list[Progress] = []
    with pytest.raises(WorkerTimedOut):
        await pool.run(jobs.tell_and_hang, "old", fifo, timeout_s=2.0, on_progress=told.append)
    later: list[Progress] = []
    await pool.run(jobs.tell, ("new",), timeout_s=TIMEOUT_S, on_progress=later.append)
    assert [progress.stage for progress in later] == ["new"]


async def test_memory_is_limited(pool: GuardedPool[jobs.Counter]) -> None:
    assert await pool.run(jobs.take_memory, MIB, timeout_s=TIMEOUT_S) == MIB
    with pytest.raises(WorkerBroke, match="MemoryError"):
        await pool.run(jobs.take_memory, 1024 * MIB, timeout_s=TIMEOUT_S)


async def test_the_size_of_a_file_is_limited(pool: GuardedPool[jobs.Counter], tmp_path: Path) -> None:
    assert await pool.run(jobs.write_file, tmp_path / "small", MIB, timeout_s=TIMEOUT_S) == MIB
    with pytest.raises(WorkerBroke):
        await pool.run(jobs.write_file, tmp_path / "large", MIB + 1, timeout_s=TIMEOUT_S)


async def test_there_is_no_network(pool: GuardedPool[jobs.Counter]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server, pytest.raises(WorkerBroke, match="OSError"):
        await pool.run(jobs.connect, server.getsockname()[1], timeout_s=TIMEOUT_S)


async def test_a_cancelled_job_has_ended_when_its_caller_goes_on(
    pool: GuardedPool[jobs.Counter], tmp_path: Path
) -> None:
    told: asyncio.Queue[Progress] = asyncio.Queue()
    job = pool.run(jobs.write_for_ever, tmp_path / "written", timeout_s=TIMEOUT_S, on_progress=told.put_nowait)
    running = asyncio.create_task(job)
    worker = int((await asyncio.wait_for(told.get(), TIMEOUT_S)).stage)
    running.cancel()
    # Once more while the worker is being ended: that must not cut the wait for its end short.
    asyncio.get_running_loop().call_later(0.001, running.cancel)
    with pytest.raises(asyncio.CancelledError):
        await running
    with pytest.raises(ProcessLookupError):
        os.kill(worker, 0)
    assert (await pool.run(jobs.use, timeout_s=TIMEOUT_S))[1] == 1
