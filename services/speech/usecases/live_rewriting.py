"""Texts written while their readers wait: each piece is theirs as soon as it is written, and no reader, no writing."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import dataclass
from functools import partial
from typing import TypeAlias

from kit.tasks.attended import AttendedTasks
from kit.tasks.machine import is_terminal
from kit.tasks.model import Task, TaskState
from services.speech.domain.rewriting import Rewrite
from services.speech.usecases.rewriting import CreateRewrite, RewriteHandler
from voxreel.common.v1 import error_reason_pb2 as reasons

# Pieces that may wait for their reader; then the engine waits too.
DRAFT_PIECES = 16
_FAILED = "文本仿写失败，请稍后重试"
_LEFT = "请求已中断，任务已取消"


@dataclass(frozen=True, slots=True)
class Accepted:
    """The rewrite is paid for and will be done."""

    task: Task


@dataclass(frozen=True, slots=True)
class Restarted:
    """The pieces so far are void."""


@dataclass(frozen=True, slots=True)
class Ended:
    """The task as it has ended; its output alone is authoritative."""

    task: Task


RewriteEvent: TypeAlias = Accepted | str | Restarted | Ended


class LiveRewrites:
    """Accepts rewrites and does them for their readers, at most `places` at the same time."""

    def __init__(self, orders: CreateRewrite, tasks: AttendedTasks, handler: RewriteHandler, *, places: int) -> None:
        self._orders = orders
        self._tasks = tasks
        self._handler = handler
        self._places = asyncio.Semaphore(places)

    async def stream(self, user_id: int, request_id: str, rewrite: Rewrite) -> AsyncGenerator[RewriteEvent, None]:
        """Accepted, pieces, Ended. Closing it before its end cancels the task that it has made; the reader of a task
        that another request has made leaves it alone.

        Raises what `CreateRewrite.accept` raises, before anything else.
        """
        new = self._orders.draw_up(user_id, request_id, rewrite)
        task = await self._orders.accept(new)
        is_own, has_ended = task.id == new.id, False
        try:
            yield Accepted(task)
            async with aclosing(self._pieces(task, is_own=is_own)) as pieces:
                async for piece in pieces:
                    yield piece
            ended = await self._tasks.end_of(task.id)
            has_ended = True
            yield Ended(ended)
        finally:
            if is_own and not has_ended:
                await self._tasks.abandon(task, _LEFT)

    async def _pieces(self, task: Task, *, is_own: bool) -> AsyncGenerator[str | Restarted, None]:
        claimed = None
        if not is_terminal(task.state):
            async with self._places:
                claimed = await self._tasks.claim(task.id)
                if claimed is not None:
                    async with aclosing(self._written(claimed, is_own=is_own)) as pieces:
                        async for piece in pieces:
                            yield piece
        if claimed is None:
            ended = await self._tasks.end_of(task.id)
            if ended.state is TaskState.SUCCEEDED and ended.output is not None:
                yield str(ended.output["rewritten_text"])

    async def _written(self, task: Task, *, is_own: bool) -> AsyncGenerator[str | Restarted, None]:
        draft = _BoundedDraft()
        writing = asyncio.create_task(self._tasks.run(task, partial(self._handler.write, draft=draft)))
        try:
            async with aclosing(draft.read_until(writing)) as pieces:
                async for piece in pieces:
                    yield piece
            # A reader who waits is told at once, instead of after the attempts that a queue would make.
            await self._tasks.give_up(task, reasons.ERROR_REASON_ENGINE_FAILED, _FAILED)
        finally:
            try:
                if is_own and not writing.done():
                    await self._tasks.abandon(task, _LEFT)
            finally:
                writing.cancel()
                await asyncio.gather(writing, return_exceptions=True)


class _BoundedDraft:
    """Passes pieces from the engine to the reader."""

    def __init__(self) -> None:
        self._pieces: asyncio.Queue[str | Restarted] = asyncio.Queue(DRAFT_PIECES)

    async def add(self, piece: str) -> None:
        await self._pieces.put(piece)

    async def restart(self) -> None:
        await self._pieces.put(Restarted())

    async def read_until(self, writing: asyncio.Task[None]) -> AsyncGenerator[str | Restarted, None]:
        """The pieces until the writer has ended. Raises what the writer raised."""
        while True:
            getting = asyncio.ensure_future(self._pieces.get())
            try:
                await asyncio.wait((getting, writing), return_when=asyncio.FIRST_COMPLETED)
            finally:
                if not getting.done():
                    getting.cancel()
            if not getting.cancelled() and getting.done():
                yield getting.result()
                continue
            break
        while not self._pieces.empty():
            yield self._pieces.get_nowait()
        await writing
