"""Whatever is killed while tasks are queued and running: every accepted task ends, with exactly one charge."""

from __future__ import annotations

import shutil
from pathlib import Path

import psutil
import pytest

from tests.polling import eventually
from tests.stack.client import TTS_PRICE, Client, paying_client
from tests.stack.harness import Stack, stack

pytestmark = [
    pytest.mark.long,
    pytest.mark.stack,
    pytest.mark.model,
    pytest.mark.timeout(600),
    pytest.mark.asyncio(loop_scope="module"),
]

TASKS = 4
CREDITS = 10_000
SENTENCE = "这是一段用来测试的文字，第{}句。"


async def submit(user: Client, prefix: str) -> list[str]:
    """Accepted tasks, the first of which a worker has already begun."""
    task_ids = [await user.synthesize(SENTENCE.format(number), key=f"{prefix}-{number}") for number in range(TASKS)]
    assert len(set(task_ids)) == TASKS
    assert "processing" in [(await user.task(task_id))["status"] for task_id in task_ids], "nothing is left to crash"
    return task_ids


async def check_all_ended(user: Client, task_ids: list[str], *, credits_before: int) -> int:
    """All succeeded and were charged once; answers what is left."""
    statuses = await user.wait_ended(task_ids)
    assert set(statuses.values()) == {"completed"}, statuses
    left = credits_before - TTS_PRICE * len(task_ids)
    await user.wait_settled(available=left)
    return left


@pytest.mark.parametrize("name", ["speech", "billing", "files", "auth", "video", "edge", "nats"])
async def test_kill_9_of_any_process(name: str, crash_stack: Stack) -> None:
    async with paying_client(crash_stack, CREDITS) as user:
        task_ids = await submit(user, f"kill-{name}")
        former = crash_stack.kill(name)
        # Clients go on asking while the process is away.
        task_ids.append(await user.synthesize("重启期间提交的任务。", key=f"during-{name}"))
        await crash_stack.wait_replaced(name, former)
        await check_all_ended(user, task_ids, credits_before=CREDITS)


async def test_kill_9_of_the_engines_worker_process(crash_stack: Stack) -> None:
    async with paying_client(crash_stack, CREDITS) as user:
        task_ids = await submit(user, "kill-engine")
        speech = psutil.Process(crash_stack.state.components["speech"].pid)
        workers = [child for child in speech.children(recursive=True) if "spawn_main" in " ".join(child.cmdline())]
        assert workers, "the engine runs in a process of its own"
        for worker in workers:
            worker.kill()
        await check_all_ended(user, task_ids, credits_before=CREDITS)


async def test_the_brokers_storage_is_deleted(crash_stack: Stack) -> None:
    async with paying_client(crash_stack, CREDITS) as user:
        task_ids = await submit(user, "wipe")
        storage = crash_stack.data_dir / "nats"
        gone = crash_stack.data_dir / "nats-gone"
        storage.rename(gone)
        former = crash_stack.kill("nats")
        task_ids.append(await user.synthesize("没有消息队列时提交的任务。", key="wipe-during"))
        await crash_stack.wait_replaced("nats", former)
        shutil.rmtree(gone)
        await check_all_ended(user, task_ids, credits_before=CREDITS)


async def test_everything_is_killed_at_once(tmp_path: Path) -> None:
    data_dir = tmp_path / "data"
    async with stack(data_dir) as running, paying_client(running, CREDITS) as user:
        task_ids = await submit(user, "all")
        children = psutil.Process(running.pid).children(recursive=True)
        psutil.Process(running.pid).kill()
        # Nothing outlives its supervisor.
        await eventually(lambda: not any(is_alive(child) for child in children))
        token = user.token
    async with stack(data_dir) as again, paying_client(again, 1) as other:
        other.token = token
        await check_all_ended(other, task_ids, credits_before=CREDITS)


def is_alive(process: psutil.Process) -> bool:
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False
