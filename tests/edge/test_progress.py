"""Which changes of a task a stream tells, without HTTP and without a broker."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing
from datetime import UTC, datetime, timedelta

import pytest

from edge.config import ProgressSettings
from edge.progress.changes import ChangeKind, TaskChange, changes_of, version_of
from edge.progress.feed import HEARTBEAT_S, Following, TaskFeed
from kit.errors import RateLimited, Unavailable
from kit.events.streams import task_hint_subject
from kit.tasks.hints import hint_of
from tests.fakes.clock import FakeClock
from voxreel.task.v1 import task_pb2

USER_ID, TASK_ID = 7, "tts_1"
RUNNING, SUCCEEDED = task_pb2.TASK_STATE_RUNNING, task_pb2.TASK_STATE_SUCCEEDED


class Row:
    """A task's row, and its owner's answer."""

    def __init__(self, feed: TaskFeed) -> None:
        self._feed = feed
        self._moment = datetime(2026, 1, 1, tzinfo=UTC)
        self.looks = 0
        self.task = task_pb2.Task(id=TASK_ID, state=RUNNING, stage="running")
        self.change(progress=0)

    def change(self, *, progress: int, state: task_pb2.TaskState.ValueType = RUNNING, stage: str = "running") -> None:
        self._moment += timedelta(milliseconds=1)
        self.task = task_pb2.Task(id=TASK_ID, state=state, stage=stage, progress=progress)
        self.task.update_time.FromDatetime(self._moment)
        self.hint()

    def hint(self) -> None:
        self._feed.receive(task_hint_subject("speech"), hint_of({TASK_ID, "tts_of_another"}))

    async def look(self) -> task_pb2.Task:
        self.looks += 1
        return self.task


def _feed(**limits: int) -> TaskFeed:
    return TaskFeed("nats://127.0.0.1:1", name="test", limits=ProgressSettings(**limits))


def _changes(
    row: Row, following: Following, clock: FakeClock, *, seen: str = ""
) -> AsyncGenerator[TaskChange | None, None]:
    return changes_of(row.task, following, row.look, seen=seen, clock=clock)


async def test_a_slow_reader_gets_the_latest_state_only() -> None:
    feed, clock = _feed(), FakeClock()
    row = Row(feed)
    with feed.follow(USER_ID, TASK_ID) as following:
        async with aclosing(_changes(row, following, clock)) as changes:
            assert (await anext(changes)) is not None
            for percent in range(1, 60):
                row.change(progress=percent)
            change = await anext(changes)
            assert change is not None and (change.kind, change.task.progress) == (ChangeKind.PROGRESS, 59)
            row.change(progress=60, stage="encoding")
            change = await anext(changes)
            assert change is not None and change.kind is ChangeKind.STAGE
            row.change(progress=100, state=SUCCEEDED, stage="completed")
            rest = [each async for each in changes]
            assert [each and each.kind for each in rest] == [ChangeKind.STATE]
        assert row.looks == 3


async def test_what_was_seen_is_not_told_again() -> None:
    feed, clock = _feed(), FakeClock()
    row = Row(feed)
    with feed.follow(USER_ID, TASK_ID) as following:
        async with aclosing(_changes(row, following, clock, seen=version_of(row.task))) as changes:
            row.change(progress=1)
            change = await anext(changes)
            assert change is not None and (change.kind, change.task.progress) == (ChangeKind.PROGRESS, 1)


async def test_a_heartbeat_comes_when_nothing_was_told_for_15_seconds() -> None:
    feed, clock = _feed(), FakeClock()
    row = Row(feed)
    with feed.follow(USER_ID, TASK_ID) as following:
        async with aclosing(_changes(row, following, clock)) as changes:
            await anext(changes)
            for _ in range(2):
                clock.advance(HEARTBEAT_S)
                assert await anext(changes) is None
            row.change(progress=1)
            assert await anext(changes) is not None


async def test_hints_of_other_tasks_and_what_cannot_be_read_wake_nobody() -> None:
    feed = _feed()
    with feed.follow(USER_ID, TASK_ID) as following:
        waiting = asyncio.create_task(following.wait(60.0, is_failing=False))
        feed.receive(task_hint_subject("speech"), hint_of({"tts_of_another"}))
        feed.receive("evt.speech.task.succeeded", b"\xff\xff\xff")
        await asyncio.wait((waiting,), timeout=0.05)
        assert not waiting.done()
        feed.receive(task_hint_subject("speech"), hint_of({TASK_ID}))
        await waiting


async def test_a_replica_that_ends_ends_its_streams_and_takes_no_more() -> None:
    feed, clock, stop = _feed(), FakeClock(), asyncio.Event()
    row = Row(feed)
    ending = asyncio.create_task(feed.end_streams(stop))
    with feed.follow(USER_ID, TASK_ID) as following:
        async with aclosing(_changes(row, following, clock)) as changes:
            await anext(changes)
            stop.set()
            assert [each async for each in changes] == []
    await ending
    with pytest.raises(Unavailable), feed.follow(USER_ID, TASK_ID):
        pass


def test_streams_are_bounded_for_a_user_and_in_all() -> None:
    feed = _feed(streams_per_user=1, streams=2)
    with feed.follow(1, TASK_ID):
        with pytest.raises(RateLimited), feed.follow(1, TASK_ID):
            pass
        with feed.follow(2, TASK_ID):
            with pytest.raises(Unavailable), feed.follow(3, TASK_ID):
                pass
            assert feed.count() == 2
        with feed.follow(3, TASK_ID):
            assert feed.count() == 2
    assert feed.count() == 0
