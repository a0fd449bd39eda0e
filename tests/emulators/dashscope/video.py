"""Tasks that take their time, and the one model that makes them: VideoRetalk."""

from __future__ import annotations

import asyncio
import uuid
from typing import Any

from aiohttp import web

from tests.emulators.dashscope.account import RATE_QUOTA, STATE, AccountState, error

_TIME = "2026-01-02 03:04:05.678"
_ENDED = ("SUCCEEDED", "FAILED", "CANCELED", "UNKNOWN")


async def submit(request: web.Request) -> web.StreamResponse:
    """A task, to be asked for."""
    state: AccountState = request.app[STATE]
    body = await request.json()
    state.requests.append(body)
    if request.headers.get("X-DashScope-Async") != "enable":
        return error(403, "AccessDenied", "current user api does not support synchronous calls.")
    if body.get("model") != "videoretalk":
        return error(400, "InvalidParameter", "Model not exist.")
    given = body.get("input", {})
    urls = [str(given.get("video_url", "")), str(given.get("audio_url", ""))]
    if not all(urls):
        return error(400, "InvalidParameter", "video_url and audio_url are required")
    if any(url.startswith("oss://") for url in urls) and not request.headers.get("X-DashScope-OssResourceResolve"):
        return error(400, "InvalidURL")
    faults = state.faults.http
    if faults.order_status is not None:
        return error(faults.order_status, faults.order_code)
    if not state.submit("videoretalk"):
        return error(429, RATE_QUOTA, "Requests rate limit exceeded, please try again later.")
    task_id = str(uuid.uuid4())
    state.tasks[task_id] = {"task_id": task_id, "task_status": "PENDING", "submit_time": _TIME}
    state.counts["orders"] += 1
    if faults.order_waits is not None:
        await faults.order_waits.wait()
    if faults.loses_order_reply and request.transport is not None:
        request.transport.abort()
    return _reply({"task_id": task_id, "task_status": "PENDING"})


async def query(request: web.Request) -> web.StreamResponse:
    """A task. Each look moves the one that is running by a step; only one of them runs."""
    state: AccountState = request.app[STATE]
    task = state.tasks.get(request.match_info["task_id"])
    if task is None:
        return _reply({"task_id": request.match_info["task_id"], "task_status": "UNKNOWN"})
    _advance(request, state, task)
    running = sum(other["task_status"] not in (*_ENDED, "PENDING") for other in state.tasks.values())
    state.counts["most_running"] = max(state.counts["most_running"], running)
    usage = {"video_duration": 1.0, "size": "640*640", "video_ratio": "standard", "fps": 25}
    return _reply(task, **({"usage": usage} if task["task_status"] == "SUCCEEDED" else {}))


async def list_tasks(request: web.Request) -> web.StreamResponse:
    """All tasks, page by page."""
    state: AccountState = request.app[STATE]
    page, size = int(request.query.get("page_no", 1)), int(request.query.get("page_size", 10))
    wanted = request.query.get("status")
    found = [task for task in state.tasks.values() if wanted in (None, task["task_status"])]
    data = [
        {"task_id": task["task_id"], "status": task["task_status"], "model_name": "videoretalk", "gmt_create": 0}
        for task in found[(page - 1) * size : page * size]
    ]
    total_page = -(-len(found) // size)
    body = {"total": len(found), "data": data, "total_page": total_page, "page_no": page, "page_size": size}
    return web.json_response({**body, "request_id": str(uuid.uuid4())})


async def cancel(request: web.Request) -> web.StreamResponse:
    """Only what has not begun."""
    state: AccountState = request.app[STATE]
    task = state.tasks.get(request.match_info["task_id"])
    if task is None or task["task_status"] != "PENDING":
        return error(400, "UnsupportedOperation")
    task["task_status"] = "CANCELED"
    return web.json_response({"request_id": str(uuid.uuid4())})


async def result(request: web.Request) -> web.StreamResponse:
    """The video of a task that has succeeded, while its link lives."""
    state: AccountState = request.app[STATE]
    await asyncio.sleep(state.faults.http.result_delay_s)
    status = state.faults.http.result_status
    if status is not None:
        return web.Response(status=status)
    data = state.files.get("result")
    return web.Response(body=data, content_type="video/mp4") if data is not None else web.Response(status=404)


def _advance(request: web.Request, state: AccountState, task: dict[str, Any]) -> None:
    ends = state.faults.http.task_ends or "SUCCEEDED"
    now = task["task_status"]
    if now in _ENDED or ends == "PENDING":
        return
    if now == "PENDING":
        is_taken = any(other["task_status"] not in (*_ENDED, "PENDING") for other in state.tasks.values())
        if not is_taken:
            task.update(task_status="RUNNING", scheduled_time=_TIME)
        return
    task["task_status"] = ends
    if ends == "SUCCEEDED":
        task.update(end_time=_TIME, video_url=f"http://{request.host}/results/{task['task_id']}.mp4")
    elif ends == "FAILED":
        task.update(end_time=_TIME, code=state.faults.http.task_code, message="the key sk-secret is quoted")


def _reply(output: dict[str, Any], **more: Any) -> web.Response:
    return web.json_response({"request_id": str(uuid.uuid4()), "output": output, **more})
