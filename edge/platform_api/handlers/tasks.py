"""Tasks of every kind at one address."""

from __future__ import annotations

from edge.aggregates.tasks import find_task
from edge.endpoint import Call
from edge.platform_api import render
from edge.platform_api.models.tasks import SpeechTaskOut, TaskIdIn, VideoTaskOut
from voxreel.task.v1 import task_pb2 as tasks

_VIDEO_KINDS = frozenset({tasks.TASK_KIND_VIDEO, tasks.TASK_KIND_CHROMA_KEY})


async def get_task(given: TaskIdIn, call: Call) -> SpeechTaskOut | VideoTaskOut:
    """The state of a task, in the spelling of its kind."""
    task = await find_task(given.task_id, call.shared.clients)
    if task.kind in _VIDEO_KINDS:
        return render.video_task(task, call.shared.times)
    return render.speech_task(task, call.shared.times)
