"""Tells the streams of this replica that their tasks have changed.

It hears the events of tasks and the hints between them, keeps none of either, and says nothing but "look again": what
became of a task is read from its owner. So a message that is lost, late or doubled makes no stream wrong, and every
replica can serve every stream.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

import structlog
from google.protobuf.message import DecodeError

from edge.config import ProgressSettings
from kit.errors import RateLimited, Unavailable
from kit.events.live import LiveReader
from kit.events.nats_session import NatsSession
from kit.events.streams import task_hint_subject, task_subject
from kit.events.waiting import Wakeup
from kit.tasks.hints import ids_of_hint
from kit.tasks.notifier import TaskNotifier
from voxreel.common.v1 import error_reason_pb2 as reasons
from voxreel.common.v1.event_pb2 import EventEnvelope
from voxreel.task.v1.events_pb2 import TaskCancelled, TaskFailed, TaskQueued, TaskSucceeded

HEARTBEAT_S = 15.0
# How often a task is looked at while nothing is heard of any.
_DEAF_PERIOD_S = 2.0
_FULL_RETRY_S = 5.0
_ANY = "*"
_EVENTS = {event.DESCRIPTOR.full_name: event for event in (TaskQueued, TaskSucceeded, TaskFailed, TaskCancelled)}

_log = structlog.get_logger(__name__)


class TaskFeed:
    """Used from one event loop."""

    def __init__(self, nats_url: str, *, name: str, limits: ProgressSettings) -> None:
        self._limits = limits
        self._changes = TaskNotifier()
        self._open: Counter[int] = Counter()
        self._ending = asyncio.Event()
        self._reader = LiveReader(
            nats_url,
            name=name,
            subjects=(task_subject(_ANY, _ANY), task_hint_subject(_ANY)),
            receive=self.receive,
            catch_up=self._catch_up,
        )

    @property
    def is_current(self) -> bool:
        """Whether changes of now are heard."""
        return self._reader.is_current

    def count(self) -> int:
        """How many streams are open."""
        return self._open.total()

    @contextmanager
    def follow(self, user_id: int, task_id: str) -> Iterator[Following]:
        """A place for one stream, and the changes of its task from now on.

        Raises RateLimited when the user has too many, Unavailable when this replica has or is about to end.
        """
        if self._ending.is_set() or self.count() >= self._limits.streams:
            raise Unavailable(reasons.ERROR_REASON_SERVICE_UNAVAILABLE, "服务暂时不可用，请稍后重试")
        if self._open[user_id] >= self._limits.streams_per_user:
            message = "同时打开的任务事件流过多，请先关闭一些"
            raise RateLimited(reasons.ERROR_REASON_TOO_MANY_REQUESTS, message, retry_after_s=_FULL_RETRY_S)
        self._open[user_id] += 1
        try:
            with self._changes.watch(task_id) as wakeup:
                yield Following(self, wakeup, self._ending)
        finally:
            self._open[user_id] -= 1
            if not self._open[user_id]:
                del self._open[user_id]

    def receive(self, subject: str, body: bytes) -> None:
        """Takes one message of the broker. One that cannot be read is logged and skipped."""
        try:
            task_ids = ids_of_hint(body) if subject.startswith("live.") else _ids_of_event(body)
        except DecodeError:
            _log.error("task_feed.unreadable", subject=subject)
            return
        for task_id in task_ids:
            self._changes.changed(task_id)

    async def run(self, stop: asyncio.Event) -> None:
        """Listens until stopped."""
        await self._reader.run(stop)

    async def end_streams(self, stop: asyncio.Event) -> None:
        """Ends all streams when told to stop, and refuses new ones: their clients go on at another replica."""
        await stop.wait()
        self._ending.set()

    async def _catch_up(self, _session: NatsSession) -> None:
        self._changes.all_changed()


class Following:
    """One stream's view of the feed."""

    def __init__(self, feed: TaskFeed, wakeup: Wakeup, ending: asyncio.Event) -> None:
        self._feed = feed
        self._wakeup = wakeup
        self._ending = ending

    @property
    def is_over(self) -> bool:
        """Whether the stream has to end although its task has not."""
        return self._ending.is_set()

    async def wait(self, limit_s: float, *, is_failing: bool) -> None:
        """Returns when it is time to look at the task: something was heard of it, or nothing for a while, which is
        shorter when nothing could be heard or the last look came to nothing."""
        is_deaf = is_failing or not self._feed.is_current
        await self._wakeup.wait(max(0.0, min(limit_s, _DEAF_PERIOD_S) if is_deaf else limit_s), self._ending)


def _ids_of_event(body: bytes) -> list[str]:
    envelope = EventEnvelope.FromString(body)
    event = _EVENTS.get(envelope.type)
    return [] if event is None else [event.FromString(envelope.payload).task_id]
