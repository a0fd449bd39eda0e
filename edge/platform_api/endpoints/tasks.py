"""Tasks of every kind."""

from __future__ import annotations

from typing import Any

from edge.endpoint import Access, Endpoint
from edge.platform_api.handlers import tasks
from edge.platform_api.models.tasks import SpeechTaskOut, TaskIdIn, VideoTaskOut

TAG = "任务"

ENDPOINTS: tuple[Endpoint[Any], ...] = (
    Endpoint(
        method="GET",
        path="/api/task/{task_id}",
        access=Access.PUBLIC,
        input=TaskIdIn,
        handler=tasks.get_task,
        output=SpeechTaskOut | VideoTaskOut,
        tag=TAG,
    ),
)
