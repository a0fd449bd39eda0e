"""Runs all components of a stack: starts them in order, keeps them up, ends them in order."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType

from cli.stack.component import Component
from cli.stack.data_dir import DataDir
from cli.stack.keeper import Keeper, UnusableSettingsError
from cli.stack.state import StackState, write_state

# Everything has ended this long after the request to stop, by force if need be; the caller exits within 15 s.
_STOP_BUDGET_S = 13.0
_KILL_WAIT_S = 1.0
_IMPATIENT_S = 20.0
_NO_SERVICES: Mapping[str, str] = MappingProxyType({})


class Supervisor:
    """One stack. `report(name, text)` writes a line for the operator."""

    def __init__(
        self,
        components: Sequence[Component],
        data_dir: DataDir,
        *,
        url: str,
        report: Callable[[str, str], None],
        services: Mapping[str, str] = _NO_SERVICES,
        stop_budget_s: float = _STOP_BUDGET_S,
    ) -> None:
        self._url = url
        self._services = dict(services)
        self._data_dir = data_dir
        self._report = report
        self._stop_budget_s = stop_budget_s
        self._is_closed = False
        self._keepers = {
            each.name: Keeper(each, data_dir.logs, report=report, changed=self._save_state) for each in components
        }

    async def run(self, stop: asyncio.Event, *, on_ready: Callable[[], None]) -> None:
        """Returns when `stop` was set and every process has ended. `on_ready` is called once, when all are ready.

        Raises UnusableSettingsError when a component refuses its settings, after having ended the others.
        """
        refused: str | None = None
        try:
            await self._run_all(stop, on_ready)
        except* UnusableSettingsError as group:
            refused = str(group.exceptions[0])
        finally:
            self._is_closed = True
            self._data_dir.state_file.unlink(missing_ok=True)
        if refused is not None:
            raise UnusableSettingsError(refused)

    async def _run_all(self, stop: asyncio.Event, on_ready: Callable[[], None]) -> None:
        async with asyncio.TaskGroup() as group:
            for keeper in self._keepers.values():
                group.create_task(self._start_in_order(keeper))
            announcing = group.create_task(self._announce(on_ready))
            await stop.wait()
            announcing.cancel()
            await self._stop_in_order()

    async def _start_in_order(self, keeper: Keeper) -> None:
        for name in keeper.component.starts_after:
            if not await _first_of(self._keepers[name].is_ready, keeper.stop_requested):
                keeper.has_ended.set()
                return
        await keeper.run()

    async def _announce(self, on_ready: Callable[[], None]) -> None:
        for keeper in self._keepers.values():
            while not keeper.is_ready.is_set():
                try:
                    await asyncio.wait_for(keeper.is_ready.wait(), _IMPATIENT_S)
                except TimeoutError:
                    self._report(keeper.component.name, f"is still not ready; see {self._data_dir.logs}")
        on_ready()

    async def _stop_in_order(self) -> None:
        try:
            async with asyncio.timeout(self._stop_budget_s):
                await asyncio.gather(*(self._drain(keeper) for keeper in self._keepers.values()))
        except TimeoutError:
            for keeper in self._keepers.values():
                keeper.kill()
            await asyncio.wait_for(
                asyncio.gather(*(keeper.has_ended.wait() for keeper in self._keepers.values())), _KILL_WAIT_S
            )

    async def _drain(self, keeper: Keeper) -> None:
        for name in keeper.component.drains_after:
            await self._keepers[name].has_ended.wait()
        keeper.stop()
        await keeper.has_ended.wait()

    def _save_state(self) -> None:
        if self._is_closed:
            return
        states = {name: keeper.state for name, keeper in self._keepers.items()}
        write_state(self._data_dir.state_file, StackState(os.getpid(), self._url, states, self._services))


async def _first_of(wanted: asyncio.Event, other: asyncio.Event) -> bool:
    """Waits for either event; whether it was the wanted one."""
    waits = [asyncio.create_task(event.wait()) for event in (wanted, other)]
    try:
        await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for wait in waits:
            wait.cancel()
    return wanted.is_set()
