"""Tasks followed over a real broker: what a client reads, how it resumes, and who may."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import pytest_asyncio
from aiohttp import ClientResponse

from edge.config import ProgressSettings
from kit.clock import SystemClock
from kit.errors import Unavailable
from kit.events.envelope import EventSource
from kit.events.nats_bus import NatsBus
from kit.events.streams import EVENTS, task_subject
from kit.ids import RandomIds
from kit.tasks.hints import TaskHints
from kit.tasks.notifier import TaskNotifier
from tests.edge.platform import Platform, open_platform
from tests.nats import NatsServer
from tests.polling import eventually
from tests.sse import SentEvent, sent_events
from voxreel.auth.v1 import user_pb2
from voxreel.common.v1 import error_reason_pb2 as reasons
from voxreel.task.v1 import task_pb2
from voxreel.task.v1.events_pb2 import TaskSucceeded

pytestmark = pytest.mark.asyncio(loop_scope="module")

START = datetime(2026, 1, 1, 12, 0, tzinfo=UTC)
STREAMS_PER_USER = 3


@dataclass(slots=True)
class World:
    """A platform that hears a broker, and what a service has to tell it by."""

    platform: Platform
    bus: NatsBus
    notifier: TaskNotifier
    hints: TaskHints
    events: EventSource
    moment: datetime = START
    numbers: Any = field(default_factory=lambda: iter(range(1, 1000)))

    def task(self, user: user_pb2.User | None = None) -> task_pb2.Task:
        """A queued task."""
        owner = self.platform.user if user is None else user
        task_id = f"tts_{next(self.numbers):04}"
        task = task_pb2.Task(
            id=task_id, kind=task_pb2.TASK_KIND_TTS, state=task_pb2.TASK_STATE_QUEUED, user_id=owner.id, stage="queued"
        )
        task.create_time.FromDatetime(START)
        self._save(task)
        return task

    async def change(self, task: task_pb2.Task, **values: object) -> None:
        """As a worker: the row, then the hint."""
        for name, value in values.items():
            setattr(task, name, value)
        self._save(task)
        self.notifier.changed(task.id)
        assert await self.hints.step() == 1

    async def succeed(self, task: task_pb2.Task) -> None:
        """As the outbox tells it: the row, then the event."""
        task.state, task.stage, task.progress = task_pb2.TASK_STATE_SUCCEEDED, "completed", 100
        self._save(task)
        event = self.events.event(task_subject("speech", "succeeded"), TaskSucceeded(task_id=task.id))
        await self.bus.publish(event.subject, event.body, message_id=event.id)

    def _save(self, task: task_pb2.Task) -> None:
        self.moment += timedelta(milliseconds=1)
        task.update_time.FromDatetime(self.moment)
        self.platform.speech.tasks.put(task)

    @asynccontextmanager
    async def follow(
        self, task: task_pb2.Task, *, user: user_pb2.User | None = None, seen: str | None = None
    ) -> AsyncIterator[ClientResponse]:
        headers = self.platform.bearer(user) | ({} if seen is None else {"Last-Event-ID": seen})
        async with (
            asyncio.timeout(60),
            self.platform.client.get(f"/api/tasks/{task.id}/events", headers=headers) as response,
        ):
            yield response


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def world(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[World]:
    folder = tmp_path_factory.mktemp("followed")
    async with AsyncExitStack() as stack:
        nats = await stack.enter_async_context(NatsServer(folder))
        bus = await stack.enter_async_context(NatsBus(nats.url, name="test"))
        await bus.wait_connected(60.0)
        await bus.ensure_stream(EVENTS)
        limits = ProgressSettings(streams_per_user=STREAMS_PER_USER, streams=5)
        platform = await stack.enter_async_context(open_platform(folder, progress=limits, nats_url=nats.url))
        notifier = TaskNotifier()
        events = EventSource("speech", RandomIds(), SystemClock())
        yield World(platform, bus, notifier, TaskHints(bus, "speech", notifier), events)


async def _next(events: AsyncIterator[SentEvent]) -> SentEvent:
    return await anext(events)


async def test_a_task_is_followed_from_where_it_is_to_its_end(world: World) -> None:
    task = world.task()
    async with world.follow(task) as response:
        assert (response.status, response.content_type) == (200, "text/event-stream")
        assert response.headers["Cache-Control"] == "no-store"
        events = sent_events(response)
        first = await _next(events)
        assert first.name == "state"
        assert first.data == {
            "id": task.id,
            "status": "PENDING",
            "progress": 0,
            "current_step": "queued",
            "error_message": None,
            "updated_at": "2026-01-01T20:00:00",
            "completed_at": None,
        }
        told = [first]
        for values, name in (
            ({"state": task_pb2.TASK_STATE_RUNNING, "stage": "running"}, "state"),
            ({"progress": 30}, "progress"),
            ({"progress": 60, "stage": "encoding"}, "stage"),
        ):
            await world.change(task, **values)
            told.append(await _next(events))
            assert told[-1].name == name
        await world.succeed(task)
        told += [event async for event in events]
        assert [event.data["progress"] for event in told] == [0, 0, 30, 60, 100]
        assert (told[-1].name, told[-1].data["status"]) == ("state", "COMPLETED")
        assert len({event.id for event in told}) == len(told)


async def test_who_comes_back_is_told_what_is_new_and_nothing_twice(world: World) -> None:
    task = world.task()
    async with world.follow(task) as response:
        seen = (await _next(sent_events(response))).id
    async with world.follow(task, seen=seen) as response:
        events = sent_events(response)
        await world.change(task, progress=5)
        assert (await _next(events)).data["progress"] == 5
    await world.change(task, progress=50)
    async with world.follow(task, seen=seen) as response:
        events = sent_events(response)
        assert (await _next(events)).data["progress"] == 50
        await world.succeed(task)
        last = [event async for event in events][-1]
    async with world.follow(task, seen=last.id) as response:
        assert (response.status, await response.read()) == (204, b"")
    async with world.follow(task, seen="of another service") as response:
        assert [event.id async for event in sent_events(response)] == [last.id]


async def test_only_the_owner_and_administrators_may(world: World) -> None:
    task = world.task(world.platform.admin)
    async with world.follow(task) as response:
        assert response.status == 404
        assert await response.json() == {"detail": f"任务不存在: {task.id}"}
    own = world.task()
    async with world.follow(own, user=world.platform.admin) as response:
        assert (await _next(sent_events(response))).data["id"] == own.id
    async with world.platform.client.head(f"/api/tasks/{own.id}/events", headers=world.platform.bearer()) as response:
        assert (response.status, response.content_type) == (200, "text/event-stream")


async def test_a_user_has_so_many_streams_and_gets_a_place_back(world: World) -> None:
    task = world.task()
    async with AsyncExitStack() as opened:
        for _ in range(STREAMS_PER_USER):
            response = await opened.enter_async_context(world.follow(task))
            await _next(sent_events(response))
        async with world.follow(task) as refused:
            assert (refused.status, refused.headers["Retry-After"]) == (429, "5")
            assert "过多" in (await refused.json())["detail"]
        async with world.follow(task, user=world.platform.admin) as other:
            assert other.status == 200

    async def is_free() -> bool:
        async with world.follow(task) as response:
            return response.status == 200

    await eventually(is_free, within_s=60)


async def test_a_task_that_is_deleted_ends_its_stream_with_the_reason(world: World) -> None:
    task = world.task()
    async with world.follow(task) as response:
        events = sent_events(response)
        await _next(events)
        del world.platform.speech.tasks.by_id[task.id]
        world.notifier.changed(task.id)
        await world.hints.step()
        told = [event async for event in events]
    assert [(event.name, event.data) for event in told] == [("closed", {"detail": f"任务不存在: {task.id}"})]


async def test_a_stream_outlives_a_service_that_does_not_answer(world: World) -> None:
    task, refusals = world.task(), world.platform.speech.tasks.refusals
    async with world.follow(task) as response:
        events = sent_events(response)
        await _next(events)
        asked = len(refusals.calls)
        refusals.by_method["GetTask"] = Unavailable(reasons.ERROR_REASON_SERVICE_UNAVAILABLE, "暂停")
        await world.change(task, progress=40)
        await eventually(lambda: len(refusals.calls) > asked, within_s=60)
        del refusals.by_method["GetTask"]
        await world.change(task, progress=45)
        assert (await _next(events)).data["progress"] == 45
