"""Lip-synced video and chroma key."""

from __future__ import annotations

from typing import Any

from edge.aggregates.tasks import WAIT_S
from edge.endpoint import Access, Endpoint, RateClass, Source
from edge.platform_api.handlers import videoretalk
from edge.platform_api.models.tasks import TaskIdIn
from edge.platform_api.models.users import MessageOut
from edge.platform_api.models.videoretalk import (
    ChromaKeyIn,
    GenerateIn,
    VideoAcceptedOut,
    VideoTasksIn,
    VideoTasksOut,
)

TAG = "视频生成"

ENDPOINTS: tuple[Endpoint[Any], ...] = (
    Endpoint(
        method="POST",
        path="/api/videoretalk/generate",
        access=Access.USER,
        input=GenerateIn,
        source=Source.BODY,
        handler=videoretalk.generate,
        output=VideoAcceptedOut,
        tag=TAG,
        rate=RateClass.TASK,
        is_keyed=True,
        timeout_s=WAIT_S + 45.0,  # media of others are fetched before the task is accepted
        refusals=(402, 404),
    ),
    Endpoint(
        method="GET",
        path="/api/videoretalk/tasks",
        access=Access.USER,
        input=VideoTasksIn,
        handler=videoretalk.list_videos,
        output=VideoTasksOut,
        tag=TAG,
    ),
    Endpoint(
        method="DELETE",
        path="/api/videoretalk/task/{task_id}",
        access=Access.USER,
        input=TaskIdIn,
        handler=videoretalk.delete_video,
        output=MessageOut,
        tag=TAG,
    ),
    Endpoint(
        method="POST",
        path="/api/videoretalk/chroma-key",
        access=Access.USER,
        input=ChromaKeyIn,
        source=Source.BODY,
        handler=videoretalk.chroma_key,
        output=VideoAcceptedOut,
        tag=TAG,
        rate=RateClass.TASK,
        is_keyed=True,
        timeout_s=75.0,  # both files are fetched and looked into before the task is accepted
        refusals=(402, 404),
    ),
)
