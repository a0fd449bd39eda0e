"""Engines as a service sees them: which one does a capability, whether it can, and what comes of asking it.

A service has a table of engines for each capability. An empty table, or engines that all lack something, make the
capability unavailable: it is refused before anything is recorded or paid.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Generic, Protocol, TypeVar

import structlog

from kit.errors import Invalid, Reason, Unavailable
from kit.tasks.handlers import NotYet, RetryableError
from voxreel.common.v1 import error_reason_pb2 as reasons

# Chooses the first engine of a table that can work here.
AUTO = "auto"
S = TypeVar("S")
T = TypeVar("T")
_log = structlog.get_logger(__name__)
_NOT_INCLUDED = "当前版本未包含该引擎"


class EngineError(Exception):
    """Base of what an engine raises. Plain arguments only, so that it survives the way out of a worker process."""


class InputRefused(EngineError):
    """The engine cannot do anything with this input, however often it is asked. The text is Chinese, for clients."""

    def __init__(self, message_zh: str, reason: Reason = reasons.ERROR_REASON_FIELD_INVALID) -> None:
        super().__init__(message_zh, reason)
        self.message_zh = message_zh
        self.reason = reason


class NoSuchEngine(EngineError):
    """The table has no engine of the name that the settings choose."""

    def __init__(self, engine: str) -> None:
        super().__init__(engine)
        self.engine = engine


class EngineBroken(EngineError):
    """The engine broke on this job or had no time for it: another attempt may help. The text is for the log."""

    def __init__(self, detail: str) -> None:
        super().__init__(detail)
        self.detail = detail


class EngineGaveUp(EngineError):
    """The engine cannot do this job, and another attempt would not help or do harm: the operator's account with it is
    refused, or nobody knows what has become of an order that must not be placed twice.

    `message_zh` is Chinese, for clients; the detail is for the log.
    """

    def __init__(self, message_zh: str, detail: str, reason: Reason = reasons.ERROR_REASON_ENGINE_UNAVAILABLE) -> None:
        super().__init__(message_zh, detail, reason)
        self.message_zh = message_zh
        self.detail = detail
        self.reason = reason


class EngineFull(EngineError):
    """Others come first. Nothing was begun: the job may be brought again after `retry_after_s`."""

    def __init__(self, retry_after_s: float) -> None:
        super().__init__(retry_after_s)
        self.retry_after_s = retry_after_s


class Engine(Protocol):
    """What all engines have in common."""

    @property
    def name(self) -> str: ...

    async def aclose(self) -> None:
        """Ends its processes and connections."""
        ...


E = TypeVar("E", bound=Engine)


@dataclass(frozen=True, slots=True)
class EngineState:
    """What an engine is, and what keeps it from working, in words for the operator. `quality` is native or
    approximate; `model_sha256` is empty where it is not known."""

    model: str = ""
    model_sha256: str = ""
    quality: str = ""
    problems: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class EngineEntry(Generic[E, S]):
    """`open_engine` makes the engine without loading it; `examine` tells what it is and what it lacks, and may touch
    the disk."""

    open_engine: Callable[[S], E]
    examine: Callable[[S], EngineState]


@dataclass(frozen=True, slots=True)
class EngineFact:
    """One way to do a capability, as it is told. `unavailable_reason` is empty when the engine can be used."""

    name: str
    capability: str
    unavailable_reason: str
    is_selected: bool = False
    model: str = ""
    model_sha256: str = ""
    quality: str = ""

    @property
    def is_available(self) -> bool:
        return not self.unavailable_reason


@dataclass(frozen=True, slots=True)
class Capability:
    """Something a service can do. `planned_engine` is told while there is no engine at all."""

    key: str
    label: str
    planned_engine: str


class EngineSlot(Generic[E]):
    """The engine of one capability: the first of its table that could work when it was opened."""

    def __init__(self, capability: Capability, engine: E | None, facts: Callable[[], tuple[EngineFact, ...]]) -> None:
        self._capability = capability
        self._engine = engine
        self._find_facts = facts
        self._facts = facts()

    @property
    def facts(self) -> tuple[EngineFact, ...]:
        """Every engine of the capability, as of the last look."""
        return self._facts

    @property
    def engine(self) -> E | None:
        """The selected engine, whether or not it can work now."""
        return self._engine

    async def step(self) -> None:
        """Looks again at what the engines need."""
        self._facts = await asyncio.to_thread(self._find_facts)

    def require(self) -> E:
        """The engine. Raises Unavailable (ENGINE_UNAVAILABLE) when it cannot work now."""
        is_usable = any(fact.is_selected and fact.is_available for fact in self._facts)
        if self._engine is None or not is_usable:
            message = f"{self._capability.label}引擎暂不可用，请稍后重试"
            raise Unavailable(reasons.ERROR_REASON_ENGINE_UNAVAILABLE, message)
        return self._engine


def examine_engines(
    capability: Capability, table: Mapping[str, EngineEntry[E, S]], settings: S, *, selected: str = ""
) -> tuple[EngineFact, ...]:
    """What is known of the engines of a table. Opens none; touches the disk, so call it off the event loop."""
    if not table:
        return (EngineFact(capability.planned_engine, capability.key, _NOT_INCLUDED),)
    return tuple(_fact(name, capability.key, entry.examine(settings), selected) for name, entry in table.items())


def open_slot(
    capability: Capability, table: Mapping[str, EngineEntry[E, S]], settings: S, *, choice: str = AUTO
) -> EngineSlot[E]:
    """A slot over a table, its engine opened: the one called `choice`, or for `auto` the first that can work here.

    Touches the disk; call it off the event loop. Raises NoSuchEngine.
    """
    if choice != AUTO and choice not in table:
        raise NoSuchEngine(choice)

    usable = [fact.name for fact in examine_engines(capability, table, settings) if fact.is_available]
    # If none can work, the last: it needs nothing but this machine, so what it lacks is what there is to say.
    selected = next(iter((*usable, *tuple(table)[-1:])), "") if choice == AUTO else choice
    engine = table[selected].open_engine(settings) if selected else None
    return EngineSlot(capability, engine, lambda: examine_engines(capability, table, settings, selected=selected))


async def result_of(asked: Awaitable[T]) -> T:
    """What the engine answers. Raises Invalid when it refuses the input, Unavailable when it has given up, both with
    the engine's reason; NotYet when it is full, RetryableError otherwise."""
    try:
        return await asked
    except InputRefused as error:
        raise Invalid(error.reason, error.message_zh) from error
    except EngineGaveUp as error:
        _log.error("engine_gave_up", detail=error.detail)
        raise Unavailable(error.reason, error.message_zh) from error
    except EngineFull as error:
        raise NotYet(error.retry_after_s) from error
    except EngineBroken as error:
        raise RetryableError(error.detail) from error


def _fact(name: str, capability: str, state: EngineState, selected: str) -> EngineFact:
    return EngineFact(
        name=name,
        capability=capability,
        unavailable_reason=f"引擎不可用：{'; '.join(state.problems)}" if state.problems else "",
        is_selected=name == selected,
        model=state.model,
        model_sha256=state.model_sha256,
        quality=state.quality,
    )
