"""Tasks of every kind."""

from __future__ import annotations

from typing import Any

from edge.endpoint import Access, Endpoint, NoInput, Source, StreamingEndpoint
from edge.platform_api import captions
from edge.platform_api.handlers import task_events, tasks
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
_EVENTS = (
    "Server-Sent Events。第一个事件是任务的当前状态，此后每次变化一个事件，任务结束后流结束。"
    "事件名 state（状态变化）、stage（步骤变化）或 progress（进度变化）；data 均为 JSON：id、status、progress、"
    "current_step、error_message、updated_at、completed_at，含义与任务详情相同。没有变化时每 15 秒发送一行注释。"
    "id 用于断线重连：请求头 Last-Event-ID 带上最后收到的 id。"
    '流开始后被拒绝（如任务被删除、令牌过期）时发送事件 closed，data 为 {"detail": …}。'
)

ENDPOINTS: tuple[Endpoint[Any] | StreamingEndpoint[Any], ...] = (
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
    StreamingEndpoint(
        method="GET",
        path="/api/tasks/{task_id}/events",
        access=Access.USER,
        input=TaskIdIn,
        handler=task_events.follow_task,
        output=None,
        tag=TAG,
        media_type="text/event-stream",
        title="任务进度事件流",
        notes=_EVENTS,
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
