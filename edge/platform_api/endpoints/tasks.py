"""Tasks of every kind."""

from __future__ import annotations

from typing import Any

from edge.endpoint import Access, Endpoint, NoInput, Source
from edge.platform_api import captions
from edge.platform_api.handlers import tasks
from edge.platform_api.models.tasks import (
    AllTasksIn,
    GlobalStatsOut,
    SpeechTaskOut,
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

TAG = "任务"

ENDPOINTS: tuple[Endpoint[Any], ...] = (
    Endpoint(
        method="GET",
        path="/api/task/{task_id}",
        access=Access.PUBLIC,
        input=TaskViewIn,
        handler=tasks.get_task,
        output=SpeechTaskOut | VideoTaskOut,
        tag=TAG,
        other_media=tuple(captions.MEDIA_TYPES.values()),
        refusals=(401,),
    ),
    Endpoint(
        method="GET",
        path="/api/tasks",
        access=Access.USER,
        input=TasksIn,
        handler=tasks.list_tasks,
        output=TasksOut,
        tag=TAG,
    ),
    Endpoint(
        method="GET",
        path="/api/tasks/{task_id}",
        access=Access.USER,
        input=TaskIdIn,
        handler=tasks.get_own_task,
        output=TaskOut,
        tag=TAG,
    ),
    Endpoint(
        method="PUT",
        path="/api/tasks/{task_id}",
        access=Access.USER,
        input=TaskUpdateIn,
        source=Source.BODY,
        handler=tasks.update_task,
        output=TaskOut,
        tag=TAG,
    ),
    Endpoint(
        method="DELETE",
        path="/api/tasks/{task_id}",
        access=Access.USER,
        input=TaskIdIn,
        handler=tasks.delete_task,
        output=TaskDeletedOut,
        tag=TAG,
    ),
    Endpoint(
        method="GET",
        path="/api/tasks/stats/summary",
        access=Access.USER,
        input=NoInput,
        handler=tasks.summarize_tasks,
        output=TaskSummaryOut,
        tag=TAG,
    ),
    Endpoint(
        method="GET",
        path="/api/tasks/admin/all",
        access=Access.ADMIN,
        input=AllTasksIn,
        handler=tasks.list_all_tasks,
        output=TasksOut,
        tag=TAG,
    ),
    Endpoint(
        method="GET",
        path="/api/tasks/admin/stats/global",
        access=Access.ADMIN,
        input=NoInput,
        handler=tasks.summarize_all_tasks,
        output=GlobalStatsOut,
        tag=TAG,
    ),
)
