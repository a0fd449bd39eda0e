"""Tasks of every kind: one by its id for whoever knows it, lists and changes for owners and administrators."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from edge.aggregates.task_lists import count_tasks, latest_of_users, page_of_tasks
from edge.aggregates.tasks import find_own_task, find_task, owner_of, task_not_found
from edge.endpoint import Call, NoInput, TextFile
from edge.platform_api import captions, render_tasks
from edge.platform_api.models.tasks import (
    AllTasksIn,
    GlobalStatsOut,
    SpeechTaskOut,
    TaskCountsOut,
    TaskDeletedOut,
    TaskIdIn,
    TaskOut,
    TasksIn,
    TasksOut,
    TaskSummaryOut,
    TaskUpdateIn,
    TaskViewIn,
    VideoTaskOut,
)
from kit.errors import Invalid, Precondition, Unauthenticated
from kit.rpc.structs import plain
from voxreel.common.v1 import error_reason_pb2 as reasons
from voxreel.task.v1 import task_pb2 as tasks
from voxreel.task.v1 import task_service_pb2 as messages

_ACTIVE_FOR = timedelta(days=30)
_WITH_CAPTIONS = (tasks.TASK_KIND_ASR, tasks.TASK_KIND_TTS)


async def get_task(given: TaskViewIn, call: Call) -> SpeechTaskOut | VideoTaskOut | TextFile:
    """The state of a task, in the spelling of its kind, or what is heard in its result as captions."""
    task = await find_task(given.task_id, call.shared.clients, view=messages.TASK_VIEW_RESULT)
    if given.format is not None:
        return _captions(task, given.format, call)
    return render_tasks.followed_task(task, call.shared.times)


async def list_tasks(given: TasksIn, call: Call) -> TasksOut:
    """The caller's tasks."""
    return await _listed(given, _filter(given), call)


async def list_all_tasks(given: AllTasksIn, call: Call) -> TasksOut:
    """Everybody's tasks."""
    wanted = _filter(given)
    wanted.scope = messages.TASK_SCOPE_EVERYBODY
    if given.user_id is not None:
        wanted.user_id = given.user_id
    return await _listed(given, wanted, call)


async def get_own_task(given: TaskIdIn, call: Call) -> TaskOut:
    """One of the caller's tasks; administrators see every task."""
    return render_tasks.listed_task(await find_own_task(given.task_id, call.shared.clients), call.shared.times)


async def update_task(given: TaskUpdateIn, call: Call) -> TaskOut:
    """Changes what the caller sees of an unfinished task; marking it failed cancels it."""
    task = await find_own_task(given.task_id, call.shared.clients)
    if given.status not in (None, "FAILED", render_tasks.status_of(task)):
        raise Invalid(reasons.ERROR_REASON_FIELD_INVALID, "任务状态由系统决定，只能改为 FAILED（取消任务）")
    response = await owner_of(given.task_id, call.shared.clients).UpdateTask(
        messages.UpdateTaskRequest(
            task_id=given.task_id,
            progress=given.progress,
            stage=given.current_step,
            error_message=given.error_message,
            cancels=given.status == "FAILED",
        )
    )
    return render_tasks.listed_task(response.task, call.shared.times)


async def delete_task(given: TaskIdIn, call: Call) -> TaskDeletedOut:
    """Deletes one of the caller's tasks, and cancels it first if it has not ended."""
    request = messages.DeleteTaskRequest(task_id=given.task_id)
    await owner_of(given.task_id, call.shared.clients).DeleteTask(request)
    return {"message": "任务删除成功", "task_id": given.task_id}


async def summarize_tasks(_given: NoInput, call: Call) -> TaskSummaryOut:
    """How many tasks the caller has, by state and by kind."""
    counts = await count_tasks(messages.TaskFilter(), call.shared.clients)
    return {"user_id": call.user.user_id, "statistics": _statistics(counts), "timestamp": _now(call)}


async def summarize_all_tasks(_given: NoInput, call: Call) -> GlobalStatsOut:
    """How many tasks there are in all, and how many users they belong to."""
    shared = call.shared
    counts = await count_tasks(messages.TaskFilter(scope=messages.TASK_SCOPE_EVERYBODY), shared.clients)
    latest = await latest_of_users(shared.clients)
    active_since = (shared.clock.now() - _ACTIVE_FOR).timestamp()
    active = sum(seconds >= active_since for seconds in latest.values())
    return {
        "global_statistics": {
            **_statistics(counts),
            "user_distribution": {"total_users": len(latest), "active_users": active},
        },
        "timestamp": _now(call),
    }


def _captions(task: tasks.Task, kind: captions.Kind, call: Call) -> TextFile:
    if task.kind not in _WITH_CAPTIONS:
        raise Invalid(reasons.ERROR_REASON_FIELD_INVALID, "只有语音识别和语音合成任务可以导出字幕")
    if task.kind == tasks.TASK_KIND_TTS and not task.HasField("user_id"):
        # The words are what was asked for; whoever only knows the id does not get to read them.
        if call.principal is None:
            raise Unauthenticated(reasons.ERROR_REASON_TOKEN_MISSING, "未登录")
        raise task_not_found(task.id)
    if task.state != tasks.TASK_STATE_SUCCEEDED:
        raise Precondition(reasons.ERROR_REASON_TASK_WITHOUT_RESULT, "任务没有结果，无法导出字幕")
    return captions.captions(task.id, plain(task.output).get("sentences", ()), kind)


async def _listed(given: TasksIn, wanted: messages.TaskFilter, call: Call) -> TasksOut:
    page = await page_of_tasks(wanted, skip=given.skip, size=given.page_size, clients=call.shared.clients)
    return {
        "tasks": [render_tasks.listed_task(task, call.shared.times) for task in page.tasks],
        "total": page.total,
        "page": given.page,
        "page_size": given.page_size,
    }


def _filter(given: TasksIn) -> messages.TaskFilter:
    wanted = messages.TaskFilter()
    if given.task_type is not None:
        wanted.kinds.append(tasks.TaskKind.Value(f"TASK_KIND_{given.task_type}"))
    if given.status is not None:
        wanted.states.extend(state for state, name in render_tasks.LIST_STATES.items() if name == given.status)
    return wanted


def _statistics(counts: Sequence[messages.TaskCount]) -> TaskCountsOut:
    by_status = dict.fromkeys(render_tasks.LIST_STATES.values(), 0)
    by_kind = {name.removeprefix("TASK_KIND_"): 0 for name in tasks.TaskKind.keys()[1:]}
    for count in counts:
        by_status[render_tasks.LIST_STATES[count.state]] += count.size
        by_kind[tasks.TaskKind.Name(count.kind).removeprefix("TASK_KIND_")] += count.size
    return {
        "total_tasks": sum(by_status.values()),
        "completed_tasks": by_status["COMPLETED"],
        "failed_tasks": by_status["FAILED"],
        "pending_tasks": by_status["PENDING"],
        "running_tasks": by_status["RUNNING"],
        "task_types": by_kind,
    }


def _now(call: Call) -> str:
    return call.shared.times.aware(call.shared.clock.now())
