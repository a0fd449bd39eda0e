from __future__ import annotations

import asyncio
import os
import signal
import sys
import textwrap
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from cli.stack.component import Component, Probe
from cli.stack.data_dir import DataDir
from cli.stack.keeper import Keeper, UnusableSettingsError
from cli.stack.state import StackState, is_alive, read_state
from cli.stack.supervisor import Supervisor
from tests.polling import eventually
from tests.ports import free_port

STAND_IN = Path(__file__).with_name("stand_in.py")
ROOT = Path(__file__).resolve().parents[3]


class FakeTerminal:
    """Keeps what the operator would see."""

    def __init__(self) -> None:
        self.lines: list[tuple[str, str]] = []
        self.is_ready = asyncio.Event()

    def report(self, name: str, text: str) -> None:
        self.lines.append((name, text))


class RunningStack:
    """A supervisor over stand-ins."""

    def __init__(self, folder: Path) -> None:
        self.data_dir = DataDir(folder / "data")
        self.data_dir.create()
        self.story_file = folder / "story"
        self.terminal = FakeTerminal()
        self.stop = asyncio.Event()

    def component(
        self, name: str, behaviour: str = "", *, starts_after: Sequence[str] = (), drains_after: Sequence[str] = ()
    ) -> Component:
        port = free_port()
        return Component(
            name=name,
            command=(sys.executable, str(STAND_IN), str(port), str(self.story_file), name, behaviour),
            environment={},
            address=f"127.0.0.1:{port}",
            probe=Probe(port, "/readyz"),
            starts_after=tuple(starts_after),
            drains_after=tuple(drains_after),
        )

    @asynccontextmanager
    async def running(self, *components: Component, stop_budget_s: float = 10) -> AsyncIterator[None]:
        supervisor = Supervisor(
            components, self.data_dir, url="http://x", report=self.terminal.report, stop_budget_s=stop_budget_s
        )
        async with asyncio.TaskGroup() as group:
            group.create_task(supervisor.run(self.stop, on_ready=self.terminal.is_ready.set))
            try:
                yield
            finally:
                self.stop.set()

    async def ready(self) -> None:
        await asyncio.wait_for(self.terminal.is_ready.wait(), 20)

    def state(self) -> StackState:
        state = read_state(self.data_dir.state_file)
        assert state is not None
        return state

    def story(self) -> list[str]:
        return [" ".join(line.split()[:2]) for line in self.story_file.read_text().splitlines()]


async def test_starts_and_ends_in_order(tmp_path: Path) -> None:
    stack = RunningStack(tmp_path)
    edge = stack.component("edge", starts_after=("auth",))
    auth = stack.component("auth", starts_after=("nats",), drains_after=("edge",))
    nats = stack.component("nats", drains_after=("auth", "edge"))
    async with stack.running(edge, auth, nats):
        await stack.ready()
        state = stack.state()
        assert {name: each.is_ready for name, each in state.components.items()} == dict.fromkeys(
            ("edge", "auth", "nats"), True
        )
        assert state.supervisor_pid == os.getpid()
        assert all(is_alive(each.pid) for each in state.components.values())
    assert stack.story() == [
        "nats started",
        "auth started",
        "edge started",
        "edge ended",
        "auth ended",
        "nats ended",
    ]
    assert not stack.data_dir.state_file.exists()


async def test_a_killed_process_comes_back_on_its_port(tmp_path: Path) -> None:
    stack = RunningStack(tmp_path)
    async with stack.running(stack.component("auth")):
        await stack.ready()
        former = stack.state().components["auth"]
        os.kill(former.pid, signal.SIGKILL)
        await eventually(lambda: stack.state().components["auth"].pid not in {0, former.pid})
        await eventually(lambda: stack.state().components["auth"].is_ready)
        current = stack.state().components["auth"]
        assert (current.address, current.restarts) == (former.address, 1)
    assert ("auth", "ended (SIGKILL), starting again in 0.2 s") in stack.terminal.lines


async def test_a_process_that_crashes_is_tried_again_with_longer_pauses(tmp_path: Path) -> None:
    stack = RunningStack(tmp_path)
    async with stack.running(stack.component("auth", "crashes")):
        await stack.ready()
    pauses = [text for _, text in stack.terminal.lines if "starting again" in text]
    assert pauses == [
        "ended (exit status 1), starting again in 0.2 s",
        "ended (exit status 1), starting again in 0.4 s",
    ]


async def test_what_does_not_end_is_killed(tmp_path: Path) -> None:
    stack = RunningStack(tmp_path)
    async with stack.running(stack.component("auth", "stubborn"), stop_budget_s=0.3):
        await stack.ready()
        pid = stack.state().components["auth"].pid
    assert not is_alive(pid)
    assert ("auth", "did not end in time and was killed") in stack.terminal.lines


async def test_refused_settings_end_the_stack(tmp_path: Path) -> None:
    stack = RunningStack(tmp_path)
    supervisor = Supervisor(
        [stack.component("auth", "refuses"), stack.component("billing")],
        stack.data_dir,
        url="http://x",
        report=stack.terminal.report,
    )
    with pytest.raises(UnusableSettingsError, match="auth"):
        await asyncio.wait_for(supervisor.run(stack.stop, on_ready=stack.terminal.is_ready.set), 10)
    assert ("auth", "VOXREEL_X is not a setting") in stack.terminal.lines
    assert not stack.data_dir.state_file.exists()


async def test_a_cancelled_keeper_waits_for_what_it_kills(tmp_path: Path) -> None:
    probe = Probe(free_port(), "/readyz")
    component = Component("auth", (sys.executable, "-c", "input()"), {}, "", probe)
    started = asyncio.Event()
    keeper = Keeper(component, tmp_path, report=lambda _name, _text: None, changed=started.set)
    keeping = asyncio.ensure_future(keeper.run())
    await asyncio.wait_for(started.wait(), 10)
    assert is_alive(keeper.state.pid)
    keeping.cancel()
    with pytest.raises(asyncio.CancelledError):
        await keeping
    assert keeper.state.pid == 0


async def test_stopping_while_starting_leaves_nothing(tmp_path: Path) -> None:
    stack = RunningStack(tmp_path)
    probe = Probe(free_port(), "/readyz")
    silent = Component("nats", (sys.executable, "-c", "input()"), {}, "", probe, drains_after=("auth",))
    waiting = stack.component("auth", starts_after=("nats",))
    async with stack.running(silent, waiting):
        await eventually(stack.data_dir.state_file.exists)
        pid = stack.state().components["nats"].pid
    assert not is_alive(pid)
    assert not stack.story_file.exists()


@pytest.mark.skipif(sys.platform != "linux", reason="the kernel's parent-death signal is Linux only")
async def test_processes_die_with_a_killed_supervisor(tmp_path: Path) -> None:
    story = tmp_path / "story"
    port = free_port()
    program = textwrap.dedent(
        f"""
        import asyncio, sys
        from pathlib import Path
        sys.path.insert(0, {str(ROOT)!r})
        from cli.stack.process import StackProcess

        async def main():
            command = (sys.executable, {str(STAND_IN)!r}, "{port}", {str(story)!r}, "auth", "stubborn")
            process = await StackProcess.start(command, {{}}, Path({str(tmp_path / "log")!r}))
            await process.wait()

        asyncio.run(main())
        """
    )
    supervisor = await asyncio.create_subprocess_exec(sys.executable, "-c", program)
    try:
        await eventually(lambda: story.exists() and story.read_text().endswith("\n"))
        pid = int(story.read_text().split()[-1])
        assert is_alive(pid)
    finally:
        supervisor.kill()
        await supervisor.wait()
    await eventually(lambda: not is_alive(pid) or is_zombie(pid))


def is_zombie(pid: int) -> bool:
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
