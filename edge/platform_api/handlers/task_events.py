"""A task's progress, as it happens."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import aclosing

from aiohttp import web

from edge.aggregates.tasks import TERMINAL, find_own_task
from edge.attendance import while_connected
from edge.display import DisplayTimes
from edge.endpoint import Call, Dialect
from edge.event_stream import LiveEvent, send_live_events
from edge.platform_api.models.tasks import TaskIdIn
from edge.platform_api.render_tasks import task_progress
from edge.progress.changes import TaskChange, changes_of, version_of
from voxreel.task.v1 import task_pb2

LAST_EVENT_HEADER = "Last-Event-ID"


async def follow_task(given: TaskIdIn, call: Call, request: web.Request) -> web.StreamResponse:
    """Sends what changes of one of the caller's tasks until it has ended; administrators may follow every task.

    A client that has seen the end already is answered 204, which tells an EventSource to stay away.
    """

    async def look() -> task_pb2.Task:
        return await find_own_task(given.task_id, call.shared.clients)

    shared = call.shared
    with shared.feed.follow(call.user.user_id, given.task_id) as following:
        task, seen = await look(), request.headers.get(LAST_EVENT_HEADER, "")
        if task.state in TERMINAL and version_of(task) == seen:
            return web.Response(status=204, headers={"Cache-Control": "no-store"})
        changes = changes_of(task, following, look, seen=seen, clock=shared.clock)
        events = _events(changes, shared.times)
        return await while_connected(request, send_live_events(request, events, Dialect.PLATFORM))


async def _events(
    changes: AsyncGenerator[TaskChange | None, None], times: DisplayTimes
) -> AsyncGenerator[LiveEvent | None, None]:
    async with aclosing(changes):
        async for change in changes:
            yield None if change is None else _event(change, times)


def _event(change: TaskChange, times: DisplayTimes) -> LiveEvent:
    return LiveEvent(change.kind.value, change.version, task_progress(change.task, times))
