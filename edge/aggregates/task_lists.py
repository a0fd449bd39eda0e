"""Tasks of all owners as one list: newest first, ties broken by id from the greatest down.

A page deep inside the merged list is found without reading what stands before it. How many tasks of one owner come
before the page is searched by halving; each step asks the one owner which task stands at a position and the other how
many of its own are before that one. The page then begins at a task, not at a number, so what is added or deleted
meanwhile moves no task from one page to another within the same answer.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from heapq import merge
from itertools import islice

from edge.clients import Clients
from kit.concurrency import both
from voxreel.task.v1 import task_pb2, task_service_pb2, task_service_pb2_grpc

SPEECH_KINDS = frozenset(
    {task_pb2.TASK_KIND_TTS, task_pb2.TASK_KIND_ASR, task_pb2.TASK_KIND_VOICE_CLONE, task_pb2.TASK_KIND_LLM}
)
VIDEO_KINDS = frozenset({task_pb2.TASK_KIND_VIDEO, task_pb2.TASK_KIND_CHROMA_KEY})
_USERS_PAGE = 20_000

_Key = tuple[int, int, str]


@dataclass(frozen=True, slots=True)
class TaskPage:
    """One page of a list, and how many tasks the whole list has."""

    tasks: Sequence[task_pb2.Task]
    total: int


@dataclass(frozen=True, slots=True)
class OwnedList:
    """The tasks of one owner that pass a filter."""

    stub: task_service_pb2_grpc.TaskServiceAsyncStub
    wanted: task_service_pb2.TaskFilter

    async def page(
        self, size: int, *, skip: int = 0, begin: task_service_pb2.TaskPlace | None = None
    ) -> task_service_pb2.ListTasksResponse:
        """Tasks in order, from a place on when one is given, and the total."""
        request = task_service_pb2.ListTasksRequest(filter=self.wanted, page_size=size, skip=skip, begin=begin)
        return await self.stub.ListTasks(request)

    async def place_at(self, position: int) -> task_service_pb2.TaskPlace | None:
        """Where the task at a position stands; None behind the end."""
        request = task_service_pb2.LocateTaskRequest(filter=self.wanted, position=position)
        response = await self.stub.LocateTask(request)
        return response.place if response.HasField("place") else None

    async def count_before(self, place: task_service_pb2.TaskPlace) -> int:
        """How many tasks stand before a place."""
        request = task_service_pb2.LocateTaskRequest(filter=self.wanted, place=place)
        return (await self.stub.LocateTask(request)).position


async def page_of_tasks(wanted: task_service_pb2.TaskFilter, *, skip: int, size: int, clients: Clients) -> TaskPage:
    """The tasks of all owners that pass the filter, after the first `skip`."""
    speech, video = OwnedList(clients.speech_tasks, wanted), OwnedList(clients.video_tasks, wanted)
    kinds = frozenset(wanted.kinds)
    if kinds and (kinds <= SPEECH_KINDS or kinds <= VIDEO_KINDS):
        response = await (speech if kinds <= SPEECH_KINDS else video).page(size, skip=skip)
        return TaskPage(response.tasks, response.total_size)
    return await merged_page(speech, video, skip=skip, size=size)


async def merged_page(first: OwnedList, second: OwnedList, *, skip: int, size: int) -> TaskPage:
    """The two lists as one, after the first `skip`."""
    begin = None
    if skip > 0:
        begun = await both(first.page(1), second.page(1))
        sizes = (begun[0].total_size, begun[1].total_size)
        begin = await _place_at(first, second, position=skip, sizes=sizes) if skip < sum(sizes) else None
        if begin is None:
            return TaskPage((), sum(sizes))
    found = await both(first.page(size, begin=begin), second.page(size, begin=begin))
    in_order = merge(found[0].tasks, found[1].tasks, key=_key_of_task, reverse=True)
    return TaskPage(tuple(islice(in_order, size)), found[0].total_size + found[1].total_size)


async def _place_at(
    first: OwnedList, second: OwnedList, *, position: int, sizes: tuple[int, int]
) -> task_service_pb2.TaskPlace | None:
    """Where the task at a position of the merged list stands; None when both lists have become shorter than that."""
    # How many of the first list come before the position: at least `low`, at most `high`.
    low, high = max(0, position - sizes[1]), min(position, sizes[0])
    # Both owners usually grow alike, so the place is first looked for where that would have it.
    middle = position * sizes[0] // sum(sizes)
    while low < high:
        middle = min(max(middle, low), high - 1)
        place = await first.place_at(middle)
        if place is None:
            high = middle
        else:
            found = middle + await second.count_before(place)
            if found == position:
                return place
            low, high = (middle + 1, high) if found < position else (low, middle)
        middle = (low + high) // 2
    candidates = await both(first.place_at(low), second.place_at(position - low))
    return max((place for place in candidates if place is not None), key=_key_of_place, default=None)


def _key_of_task(task: task_pb2.Task) -> _Key:
    return task.create_time.seconds, task.create_time.nanos, task.id


def _key_of_place(place: task_service_pb2.TaskPlace) -> _Key:
    return place.create_time.seconds, place.create_time.nanos, place.task_id


async def count_tasks(wanted: task_service_pb2.TaskFilter, clients: Clients) -> Sequence[task_service_pb2.TaskCount]:
    """How many tasks of each kind there are in each state; no kind belongs to two owners."""
    request = task_service_pb2.SummarizeTasksRequest(filter=wanted)
    found = await both(clients.speech_tasks.SummarizeTasks(request), clients.video_tasks.SummarizeTasks(request))
    return [*found[0].counts, *found[1].counts]


async def latest_of_users(clients: Clients) -> dict[int, int]:
    """When each user who has tasks made the latest one, in seconds since 1970."""
    latest: dict[int, int] = {}
    for owner in await both(_users_of(clients.speech_tasks), _users_of(clients.video_tasks)):
        for user_id, seconds in owner.items():
            latest[user_id] = max(seconds, latest.get(user_id, seconds))
    return latest


async def _users_of(stub: task_service_pb2_grpc.TaskServiceAsyncStub) -> dict[int, int]:
    found: dict[int, int] = {}
    last_id: int | None = None
    while True:
        request = task_service_pb2.ListTaskUsersRequest(page_size=_USERS_PAGE, after_user_id=last_id)
        users = (await stub.ListTaskUsers(request)).users
        found.update((user.user_id, user.last_create_time.seconds) for user in users)
        if len(users) < _USERS_PAGE:
            return found
        last_id = users[-1].user_id
