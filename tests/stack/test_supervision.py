"""`voxreel up` as its operator sees it, over the real processes."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import aiohttp
import pytest

from cli.stack.names import APPS
from cli.stack.state import is_alive
from tests.polling import eventually
from tests.stack.harness import stack, voxreel

pytestmark = [pytest.mark.long, pytest.mark.stack, pytest.mark.timeout(600)]


async def status_of(url: str) -> int:
    async with aiohttp.ClientSession() as session, session.get(url) as reply:
        return reply.status


async def test_two_stacks_run_side_by_side_and_end_with_0(tmp_path: Path) -> None:
    async with stack(tmp_path / "a") as first, stack(tmp_path / "b") as second:
        ports = [each.address for one in (first, second) for each in one.state.components.values()]
        assert len(set(ports)) == len(ports) == 2 * (len(APPS) + 1)
        for one in (first, second):
            assert await status_of(f"{one.base_url}/livez") == 200
            assert await status_of(f"{one.base_url}/readyz") == 200
            assert {each.is_ready for each in one.state.components.values()} == {True}
            assert one.admin_password in "\n".join(one.lines)
        pids = [each.pid for each in first.state.components.values()]
        assert await first.stop() == 0
        assert [pid for pid in pids if is_alive(pid)] == []
        assert await status_of(f"{second.base_url}/livez") == 200
        assert await second.stop(signal.SIGINT) == 0


async def test_a_data_directory_carries_one_stack_and_survives_it(tmp_path: Path) -> None:
    async with stack(tmp_path, "--single-process") as first:
        status, output = await voxreel("up", "--port", "0", "--data-dir", str(tmp_path))
        assert (status, "another stack is running" in output) == (1, True)
        password = first.admin_password
        assert await first.stop() == 0
    async with stack(tmp_path, "--single-process") as second:
        assert second.admin_password == password
        assert password not in "\n".join(second.lines)
        assert await second.stop() == 0


async def test_killed_processes_come_back_on_their_ports_and_none_outlives_the_supervisor(tmp_path: Path) -> None:
    async with stack(tmp_path) as running:
        addresses = {name: each.address for name, each in running.state.components.items()}
        for name in ("billing", "nats"):
            await running.wait_replaced(name, running.kill(name))
        former = running.state.components["files"].pid
        status, output = await voxreel("restart", "files", "--data-dir", str(tmp_path))
        assert (status, output.startswith("files was restarted")) == (0, True)
        assert running.state.components["files"].pid != former
        assert {name: each.address for name, each in running.state.components.items()} == addresses
        assert await status_of(f"{running.base_url}/livez") == 200
        pids = [each.pid for each in running.state.components.values()]
        os.kill(running.pid, signal.SIGKILL)
        await running.close()
        await eventually(lambda: not any(is_alive(pid) for pid in pids))


async def test_unusable_settings_end_the_start_with_the_reason(tmp_path: Path) -> None:
    status, output = await voxreel("up", "--port", "0", "--data-dir", str(tmp_path), VOXREEL_BILLING_LOG_LEVEL="loud")
    assert status == 1
    assert "VOXREEL_BILLING_LOG_LEVEL" in output
    assert "ready:" not in output
