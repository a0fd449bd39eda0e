"""Lip-synced video and chroma key."""

from __future__ import annotations

from edge.aggregates.tasks import wait_for_end
from edge.endpoint import Call
from edge.own_urls import file_id_of
from edge.platform_api.models.tasks import TaskIdIn
from edge.platform_api.models.users import MessageOut
from edge.platform_api.models.videoretalk import (
    ChromaKeyIn,
    GenerateIn,
    ListedVideoTaskOut,
    VideoAcceptedOut,
    VideoTasksIn,
    VideoTasksOut,
)
from edge.platform_api.render_tasks import video_task
from voxreel.task.v1 import task_pb2
from voxreel.task.v1 import task_service_pb2 as tasks
from voxreel.video.v1 import render_service_pb2 as messages

_ACCEPTED = "任务已提交，正在异步处理中"


async def generate(given: GenerateIn, call: Call) -> VideoAcceptedOut:
    """Accepts a render; with `wait_completion` waits for it for a while."""
    base_url = call.shared.public_base_url
    video_id, video_url = _source(given.video_file_id, given.video_url, base_url)
    audio_id, audio_url = _source(given.audio_file_id, given.audio_url, base_url)
    image_id, image_url = _source(given.ref_image_file_id, given.ref_image_url, base_url)
    response = await call.shared.clients.renders.CreateRender(
        messages.CreateRenderRequest(
            request_id=call.request_key,
            video_file_id=video_id,
            video_url=video_url,
            audio_file_id=audio_id,
            audio_url=audio_url,
            ref_image_file_id=image_id or None,
            ref_image_url=image_url,
            is_video_extended=given.video_extension,
        )
    )
    if not given.wait_completion:
        return {"task_id": response.task.id, "status": "PENDING", "message": _ACCEPTED}
    ended = video_task(await wait_for_end(response.task, call.shared.clients), call.shared.times)
    return {
        "task_id": ended["task_id"],
        "status": ended["status"],
        "message": ended["message"],
        "video_url": ended["video_url"],
    }


def _source(by_id: str | None, by_url: str | None, base_url: str) -> tuple[str, str]:
    """File id and URL of a source, one of them empty: one of our own URLs is the file it names."""
    if not by_url:
        return by_id or "", ""
    own = file_id_of(by_url, base_url)
    return (own, "") if own is not None else ("", by_url)


async def chroma_key(given: ChromaKeyIn, call: Call) -> VideoAcceptedOut:
    """Accepts a chroma key."""
    base_url = call.shared.public_base_url
    video_id, video_url = _source(given.video_file_id, given.video_url, base_url)
    behind_id, behind_url = _source(given.background_image_file_id, given.background_image_url, base_url)
    response = await call.shared.clients.renders.CreateChromaKey(
        messages.CreateChromaKeyRequest(
            request_id=call.request_key,
            video_file_id=video_id,
            video_url=video_url,
            background_file_id=behind_id,
            background_url=behind_url,
            color=given.chroma_key_color,
            similarity=given.chroma_key_similarity,
            blend=given.chroma_key_blend,
        )
    )
    return {"task_id": response.task.id, "status": "PENDING", "message": "绿幕背景替换" + _ACCEPTED}


async def list_videos(given: VideoTasksIn, call: Call) -> VideoTasksOut:
    """The caller's tasks of video, newest first."""
    response = await call.shared.clients.video_tasks.ListTasks(
        tasks.ListTasksRequest(filter=tasks.TaskFilter(), page_size=given.limit, skip=given.offset)
    )
    return {
        "tasks": [_listed(task, call) for task in response.tasks],
        "total": response.total_size,
        "limit": given.limit,
        "offset": given.offset,
    }


async def delete_video(given: TaskIdIn, call: Call) -> MessageOut:
    """Deletes one of the caller's tasks of video, and cancels it first if it has not ended."""
    await call.shared.clients.video_tasks.DeleteTask(tasks.DeleteTaskRequest(task_id=given.task_id))
    return {"message": f"任务 {given.task_id} 已删除"}


def _listed(task: task_pb2.Task, call: Call) -> ListedVideoTaskOut:
    shown = video_task(task, call.shared.times)
    reply: ListedVideoTaskOut = {
        "task_id": task.id,
        "status": shown["status"],
        "message": shown["message"],
        "task_type": task_pb2.TaskKind.Name(task.kind).removeprefix("TASK_KIND_"),
        "progress": task.progress,
        "video_url": shown["video_url"],
        "created_at": shown["created_at"],
        "completed_at": shown["completed_at"],
    }
    if "error" in shown:
        reply["error"] = shown["error"]
    return reply
