"""Reads by key that share one statement.

Calls that came in one batch ask for their rows in one loop turn. Asked one by one, each statement costs a look-up
and a fight for the interpreter's lock between the database thread and the event loop; asked together, one
statement does.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Hashable, Mapping, Sequence
from functools import partial
from typing import Generic, TypeVar

from sqlalchemy import Connection

from kit.db.database import Database
from kit.errors import DomainError

K = TypeVar("K", bound=Hashable)
R = TypeVar("R")

KEYS_LIMIT = 500


class KeyedReads(Generic[K, R]):
    """Gathers the keys of a loop turn and reads them with one call of `read_many`. Used from one event loop."""

    def __init__(self, database: Database, read_many: Callable[[Connection, Sequence[K]], Mapping[K, R]]) -> None:
        self._database = database
        self._read_many = read_many
        self._waiting: dict[K, list[asyncio.Future[R | None]]] = {}
        self._loop = asyncio.get_running_loop()

    async def get(self, key: K) -> R | None:
        """What is stored under the key, None when nothing is. Raises what `read_many` or the database raises."""
        future: asyncio.Future[R | None] = self._loop.create_future()
        waiting = self._waiting.get(key)
        if waiting is not None:
            waiting.append(future)
            return await future
        if not self._waiting:
            self._loop.call_soon(self._start)
        self._waiting[key] = [future]
        if len(self._waiting) >= KEYS_LIMIT:
            self._start()
        return await future

    def _start(self) -> None:
        asked, self._waiting = self._waiting, {}
        if not asked:
            return
        keys = list(asked)
        try:
            reading = self._database.start_read(lambda connection: self._read_many(connection, keys))
        except Exception as error:
            _fail(asked, error)
            return
        reading.add_done_callback(partial(_finish, asked))


def _finish(asked: Mapping[K, list[asyncio.Future[R | None]]], reading: asyncio.Future[Mapping[K, R]]) -> None:
    error = reading.exception()
    if error is not None:
        _fail(asked, error)
        return
    found = reading.result()
    for key, futures in asked.items():
        for future in futures:
            if not future.done():
                future.set_result(found.get(key))


def _fail(asked: Mapping[K, list[asyncio.Future[R | None]]], error: BaseException) -> None:
    """Everybody gets an error of their own: one exception object must not be raised in several tasks."""
    for futures in asked.values():
        for future in futures:
            if not future.done():
                future.set_exception(_own(error))


def _own(error: BaseException) -> Exception:
    if isinstance(error, DomainError):
        return error.copy()
    failure = RuntimeError("a shared read failed")
    failure.__cause__ = error
    return failure
