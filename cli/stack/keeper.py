"""Keeps one component running."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path

from cli.stack.component import Component
from cli.stack.logs import ErrorTail, bounded
from cli.stack.probing import until_ready
from cli.stack.process import StackProcess, describe_exit
from cli.stack.state import ComponentState

EXIT_UNUSABLE_SETTINGS = 2

_FIRST_PAUSE_S = 0.2
_LONGEST_PAUSE_S = 5.0
_HEALTHY_AFTER_S = 30.0
_ERRORS_S = 0.5


class UnusableSettingsError(Exception):
    """A component refuses its settings; starting it again cannot help."""


class Keeper:
    """Starts a component, starts it again when it ends, and tells what happens.

    `report(name, text)` writes a line for the operator, `changed()` says that `state` is another.
    """

    def __init__(
        self,
        component: Component,
        log_dir: Path,
        *,
        report: Callable[[str, str], None],
        changed: Callable[[], None],
    ) -> None:
        self.component = component
        self.has_ended = asyncio.Event()
        self.is_ready = asyncio.Event()
        self._log = log_dir / f"{component.name}.log"
        self._report = report
        self._changed = changed
        self._process: StackProcess | None = None
        self._restarts = 0
        self.stop_requested = asyncio.Event()

    @property
    def state(self) -> ComponentState:
        """How the component is now."""
        pid = self._process.pid if self._process is not None and self._process.is_running else 0
        component = self.component
        return ComponentState(pid, component.address, component.probe.port, self.is_ready.is_set(), self._restarts)

    async def run(self) -> None:
        """Returns after `stop` when the process has ended. Raises UnusableSettingsError before it was ever ready."""
        pause_s = _FIRST_PAUSE_S
        loop = asyncio.get_running_loop()
        try:
            while not self.stop_requested.is_set():
                started = loop.time()
                status = await self._run_once()
                if self.stop_requested.is_set():
                    return
                self._refuse_unusable(status)
                if status == 0 or loop.time() - started >= _HEALTHY_AFTER_S:
                    pause_s = _FIRST_PAUSE_S
                self._report(self.component.name, f"ended ({describe_exit(status)}), starting again in {pause_s:.1f} s")
                await self._pause(pause_s)
                pause_s = min(pause_s * 2, _LONGEST_PAUSE_S)
                self._restarts += 1
        finally:
            if self._process is not None:
                self._process.kill()
                # Not left to the garbage collector: it would find the process after the loop.
                await self._process.wait()
            self.has_ended.set()

    def stop(self) -> None:
        """Asks the process to drain and end; it is not started again."""
        self.stop_requested.set()
        if self._process is not None:
            self._process.terminate()

    def kill(self) -> None:
        """Ends the process now; it is not started again."""
        self.stop_requested.set()
        if self._process is not None and self._process.is_running:
            self._report(self.component.name, "did not end in time and was killed")
            self._process.kill()

    async def _run_once(self) -> int:
        tail = ErrorTail(bounded(self._log))
        started = asyncio.get_running_loop().time()
        component = self.component
        self._process = await StackProcess.start(component.command, component.environment, self._log)
        if self.stop_requested.is_set():
            self._process.terminate()
        self._changed()
        async with asyncio.TaskGroup() as group:
            watching = [group.create_task(self._watch_errors(tail)), group.create_task(self._await_ready(started))]
            status = await self._process.wait()
            for task in watching:
                task.cancel()
        self.is_ready.clear()
        self._show_errors(tail)
        self._changed()
        return status

    async def _await_ready(self, started: float) -> None:
        await until_ready(self.component.probe)
        seconds = asyncio.get_running_loop().time() - started
        self.is_ready.set()
        self._changed()
        self._report(self.component.name, f"{self.component.address}  ready in {seconds:.1f} s")

    async def _watch_errors(self, tail: ErrorTail) -> None:
        while True:
            await asyncio.sleep(_ERRORS_S)
            self._show_errors(tail)

    def _show_errors(self, tail: ErrorTail) -> None:
        for line in tail.new_errors():
            self._report(self.component.name, line)

    def _refuse_unusable(self, status: int) -> None:
        if status == EXIT_UNUSABLE_SETTINGS and self._restarts == 0:
            raise UnusableSettingsError(self.component.name)

    async def _pause(self, seconds: float) -> None:
        try:
            await asyncio.wait_for(self.stop_requested.wait(), seconds)
        except TimeoutError:
            return
