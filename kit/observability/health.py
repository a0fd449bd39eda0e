"""Health is computed: a loop runs the checks, and what they say decides whether the process is ready."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from enum import StrEnum

import structlog

Check = Callable[[], Awaitable[None]]

_log = structlog.get_logger()
_PERIOD_S = 2.0
# Before the first success the process is waited for, so the checks are repeated quickly.
_STARTING_PERIOD_S = 0.05


class Status(StrEnum):
    """`degraded` serves: what is missing only delays work."""

    SERVING = "serving"
    DEGRADED = "degraded"
    NOT_SERVING = "not_serving"


class Severity(StrEnum):
    """What a failing check means: the process cannot serve; it cannot begin to serve, but goes on when it has begun;
    or it serves with work delayed.
    """

    REQUIRED = "required"
    AT_START = "at_start"
    DEGRADES = "degrades"


@dataclass(frozen=True, slots=True)
class Result:
    """What a check said last; `problem` is empty when it passed and names no internals."""

    problem: str
    severity: Severity


@dataclass(frozen=True, slots=True)
class _Registered:
    check: Check
    severity: Severity
    timeout_s: float


class Health:
    """The checks of one app and what follows from them. Not serving until all that are needed to begin have passed."""

    def __init__(self) -> None:
        self._checks: dict[str, _Registered] = {}
        self._results: dict[str, Result] = {}
        self._status = Status.NOT_SERVING
        self._has_begun = False
        self._is_draining = False
        self._listeners: list[Callable[[Status], Awaitable[None]]] = []

    @property
    def status(self) -> Status:
        return self._status

    @property
    def is_ready(self) -> bool:
        """Whether requests may be sent here."""
        return self._status is not Status.NOT_SERVING

    @property
    def is_draining(self) -> bool:
        return self._is_draining

    @property
    def results(self) -> dict[str, Result]:
        """What each check said last, by name."""
        return dict(self._results)

    def add_check(
        self, name: str, check: Check, *, severity: Severity = Severity.REQUIRED, timeout_s: float = 1.5
    ) -> None:
        """`check` raises when something is wrong; taking longer than `timeout_s` is wrong too."""
        self._checks[name] = _Registered(check, severity, timeout_s)

    def on_change(self, listener: Callable[[Status], Awaitable[None]]) -> None:
        """Calls the listener after each change of the status."""
        self._listeners.append(listener)

    async def announce(self) -> None:
        """Tells the listeners the status as it is; before a server starts to answer."""
        for listener in self._listeners:
            await listener(self._status)

    async def step(self) -> Status:
        """Runs every check at the same time and answers the new status."""
        if self._is_draining:
            return self._status
        async with asyncio.TaskGroup() as group:
            running = {name: group.create_task(_problem(each)) for name, each in self._checks.items()}
        for name, task in running.items():
            self._note(name, Result(task.result(), self._checks[name].severity))
        if not self._is_draining:
            await self._become(self._computed())
        return self._status

    async def drain(self) -> None:
        """Not serving from now on, whatever the checks say."""
        self._is_draining = True
        await self._become(Status.NOT_SERVING)

    async def run(self, stop: asyncio.Event) -> None:
        """Repeats `step` until `stop` is set."""
        has_served = False
        while not stop.is_set():
            has_served = await self.step() is not Status.NOT_SERVING or has_served
            try:
                await asyncio.wait_for(stop.wait(), _PERIOD_S if has_served else _STARTING_PERIOD_S)
            except TimeoutError:
                continue

    def _computed(self) -> Status:
        failing = {result.severity for result in self._results.values() if result.problem}
        if Severity.REQUIRED in failing or (Severity.AT_START in failing and not self._has_begun):
            return Status.NOT_SERVING
        self._has_begun = True
        return Status.DEGRADED if failing else Status.SERVING

    def _note(self, name: str, result: Result) -> None:
        former = self._results.get(name)
        self._results[name] = result
        if result.problem and (former is None or not former.problem):
            _log.warning("health.check_failed", check=name, problem=result.problem, severity=result.severity)
        elif not result.problem and former is not None and former.problem:
            _log.info("health.check_recovered", check=name)

    async def _become(self, status: Status) -> None:
        if status is self._status:
            return
        _log.info("health.changed", former=self._status, status=status)
        self._status = status
        await self.announce()


async def _problem(registered: _Registered) -> str:
    try:
        async with asyncio.timeout(registered.timeout_s):
            await registered.check()
    except TimeoutError:
        return "timed out"
    except Exception as error:
        # The type only: messages of drivers quote addresses and statements.
        return type(error).__name__
    return ""
