"""The pool against real worker processes: results, errors, limits, crashes and what happens to orphans."""

import asyncio
import os
import select
import signal
import subprocess
import sys
import tempfile
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from services.speech.engines.base import SynthesisRequest
from services.speech.engines.errors import (
    EngineBusy,
    EngineFailed,
    EngineTimedOut,
    EngineUnavailable,
    UnknownVoice,
)
from services.speech.engines.pool import SynthesisPool
from tests.polling import eventually
from tests.unit.speech.engines.fake_synthesizer import BLOCK, BREAK, CRASH, HOLD, NEXT, SAY_PID, FakeFactory

TIMEOUT_S = 30.0
_PARENT_PROGRAM = """
import asyncio, sys
from services.speech.engines.base import SynthesisRequest
from services.speech.engines.pool import SynthesisPool
from tests.polling import eventually
from tests.unit.speech.engines.fake_synthesizer import FakeFactory

if __name__ == "__main__":
    pool = SynthesisPool(FakeFactory(), (), name="fake")
    asyncio.run(pool.synthesize(SynthesisRequest(sys.argv[1], "any"), timeout_s=60.0))
"""


@pytest.fixture
async def pool() -> AsyncIterator[SynthesisPool]:
    async with SynthesisPool(FakeFactory(), (), name="fake", max_workers=1, max_waiting=1) as pool:
        yield pool


@pytest.fixture
def scratch(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where the texts of a test have their folders."""
    folder = tmp_path / "scratch"
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    return folder


def found_in(folder: Path) -> list[Path]:
    return list(folder.iterdir())


async def worker_pid(pool: SynthesisPool) -> int:
    return int((await pool.synthesize(SynthesisRequest(SAY_PID, "any"), timeout_s=TIMEOUT_S)).data)


async def start_blocking(pool: SynthesisPool, fifo: Path, *, timeout_s: float) -> tuple[asyncio.Task[object], int]:
    """A job that never ends, and the process it is known to be running in."""
    os.mkfifo(fifo)
    job: asyncio.Task[object] = asyncio.create_task(
        pool.synthesize(SynthesisRequest(f"{BLOCK}{fifo}", "any"), timeout_s=timeout_s)
    )
    return job, int(await asyncio.to_thread(fifo.read_text))


def wait_for_end(pid: int) -> None:
    try:
        handle = os.pidfd_open(pid)
    except ProcessLookupError:
        return
    try:
        assert select.select([handle], [], [], TIMEOUT_S)[0], "the process is still alive"
    finally:
        os.close(handle)


async def test_work_happens_in_one_other_process(pool: SynthesisPool) -> None:
    first, second = [await pool.synthesize(SynthesisRequest(SAY_PID, "any"), timeout_s=TIMEOUT_S) for _ in range(2)]
    assert int(first.data) != os.getpid()
    assert first.data == second.data
    assert (first.duration_ms, second.duration_ms) == (1, 2), "the engine is built once per worker"


async def test_typed_errors_cross_the_process_border(pool: SynthesisPool) -> None:
    with pytest.raises(UnknownVoice) as caught:
        await pool.synthesize(SynthesisRequest("hello", "nobody"), timeout_s=TIMEOUT_S)
    assert caught.value.voice == "nobody"


async def test_an_unexpected_error_is_retryable_and_tells_no_detail(pool: SynthesisPool) -> None:
    with pytest.raises(EngineFailed) as caught:
        await pool.synthesize(SynthesisRequest(BREAK, "any"), timeout_s=TIMEOUT_S)
    assert caught.value.retryable
    assert "private" not in str(caught.value)


async def test_an_engine_that_cannot_load_says_why() -> None:
    async with SynthesisPool(FakeFactory(missing="weights"), (), name="fake") as pool:
        with pytest.raises(EngineUnavailable, match="weights"):
            await pool.warm_up(timeout_s=TIMEOUT_S)


async def test_a_crash_fails_its_own_job_only(pool: SynthesisPool) -> None:
    before = await worker_pid(pool)
    with pytest.raises(EngineFailed) as caught:
        await pool.synthesize(SynthesisRequest(CRASH, "any"), timeout_s=TIMEOUT_S)
    assert caught.value.retryable
    assert await worker_pid(pool) != before


async def test_workers_killed_between_jobs_go_unnoticed(pool: SynthesisPool) -> None:
    """Often enough to hit a worker that holds a lock at the moment it dies."""
    seen = set()
    for _ in range(10):
        pid = await worker_pid(pool)
        os.kill(pid, signal.SIGKILL)
        seen.add(pid)
    assert len(seen) == 10


async def test_a_worker_found_dead_is_replaced_once(pool: SynthesisPool) -> None:
    before = await worker_pid(pool)
    os.kill(before, signal.SIGKILL)
    await asyncio.to_thread(wait_for_end, before)
    after = await worker_pid(pool)
    assert after != before
    assert await worker_pid(pool) == after


async def test_a_job_out_of_time_is_stopped(pool: SynthesisPool, tmp_path: Path) -> None:
    await pool.warm_up(timeout_s=TIMEOUT_S)
    job, pid = await start_blocking(pool, tmp_path / "pid", timeout_s=1.0)
    with pytest.raises(EngineTimedOut):
        await job
    await asyncio.to_thread(wait_for_end, pid)
    assert await worker_pid(pool) != pid


async def test_cancelling_the_caller_stops_the_worker(pool: SynthesisPool, tmp_path: Path) -> None:
    job, pid = await start_blocking(pool, tmp_path / "pid", timeout_s=TIMEOUT_S)
    job.cancel()
    with pytest.raises(asyncio.CancelledError):
        await job
    await asyncio.to_thread(wait_for_end, pid)
    assert await worker_pid(pool) != pid


async def test_the_queue_is_bounded(pool: SynthesisPool, tmp_path: Path) -> None:
    running, _ = await start_blocking(pool, tmp_path / "pid", timeout_s=TIMEOUT_S)
    waiting = asyncio.create_task(worker_pid(pool))
    await asyncio.sleep(0)  # lets the second job take its place in the queue
    with pytest.raises(EngineBusy):
        await worker_pid(pool)
    running.cancel()
    assert await waiting > 0


async def test_a_short_text_is_spoken_between_the_sentences_of_a_long_one(
    pool: SynthesisPool, scratch: Path, tmp_path: Path
) -> None:
    gates = [tmp_path / name for name in ("one", "two", "three")]
    for gate in gates:
        os.mkfifo(gate)
    text = NEXT.join(f"{HOLD}{gate}" for gate in gates)
    long = asyncio.create_task(pool.synthesize(SynthesisRequest(text, "any"), timeout_s=60.0))
    # A gate opens when its sentence is being spoken: the short text comes while the worker is busy.
    opened = await asyncio.to_thread(gates[0].open, "w")
    short = asyncio.create_task(pool.synthesize(SynthesisRequest(f"a{NEXT}bb", "any"), timeout_s=60.0))
    await eventually(lambda: len(found_in(scratch)) == 2, within_s=60)
    opened.close()
    await asyncio.to_thread(gates[1].write_text, "")
    assert (await short).model == "1,2"
    assert [segment.words[0].text for segment in (await short).segments] == ["a", "bb"]
    assert not long.done(), "it still has a sentence to speak"
    await asyncio.to_thread(gates[2].write_text, "")
    assert (await long).model == ",".join(str(len(sentence)) for sentence in text.split(NEXT))


async def test_nothing_is_left_of_a_text_that_was_given_up(pool: SynthesisPool, scratch: Path, tmp_path: Path) -> None:
    fifo = tmp_path / "pid"
    os.mkfifo(fifo)
    text = f"spoken{NEXT}{BLOCK}{fifo}"
    job = asyncio.create_task(pool.synthesize(SynthesisRequest(text, "any"), timeout_s=60.0))
    await asyncio.to_thread(fifo.read_text)
    [folder] = found_in(scratch)
    assert {path.name for path in found_in(folder)} == {"0.samples", "0.words"}
    job.cancel()
    with pytest.raises(asyncio.CancelledError):
        await job
    assert not found_in(scratch)


async def test_closing_fails_the_running_job(tmp_path: Path) -> None:
    pool = SynthesisPool(FakeFactory(), (), name="fake")
    job, pid = await start_blocking(pool, tmp_path / "pid", timeout_s=TIMEOUT_S)
    await pool.aclose()
    with pytest.raises(EngineFailed):
        await job
    await asyncio.to_thread(wait_for_end, pid)
    with pytest.raises(EngineFailed):
        await worker_pid(pool)


def test_workers_die_with_a_killed_parent(tmp_path: Path) -> None:
    fifo, program = tmp_path / "pid", tmp_path / "parent.py"
    os.mkfifo(fifo)
    program.write_text(_PARENT_PROGRAM)
    root = Path(__file__).parents[4]
    parent = subprocess.Popen(
        [sys.executable, str(program), f"{BLOCK}{fifo}"],
        cwd=root,
        env={**os.environ, "PYTHONPATH": str(root)},
        stderr=subprocess.DEVNULL,
    )
    try:
        pid = int(fifo.read_text())
        parent.kill()
        wait_for_end(pid)
    finally:
        parent.kill()
        parent.wait()
