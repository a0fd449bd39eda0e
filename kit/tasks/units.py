"""What the machinery of tasks asks of a service's unit of work."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol, TypeVar

from kit.tasks.repository import TaskRepository

T = TypeVar("T")


class TaskUnit(Protocol):
    """A unit of work over a database with a task table."""

    @property
    def tasks(self) -> TaskRepository: ...


class TaskUnits(Protocol):
    """Opens such units; `kit.db.uow.Units` over any of them is one."""

    async def write(self, work: Callable[[TaskUnit], T]) -> T: ...

    async def read(self, work: Callable[[TaskUnit], T]) -> T: ...
