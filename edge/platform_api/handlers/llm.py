"""Texts written anew, and the models that write."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncGenerator, Mapping
from types import MappingProxyType

from edge.aggregates.tasks import TERMINAL, WAIT_S, wait_for_end
from edge.endpoint import Call, EventStream, JsonObject, NoInput
from edge.platform_api.models.llm import ModelsOut, RewriteIn, RewriteOut
from edge.platform_api.render_tasks import plain, task_error
from kit.errors import DeadlineExceeded, Precondition, Unavailable
from voxreel.common.v1 import error_reason_pb2 as reasons
from voxreel.speech.v1 import text_service_pb2 as messages
from voxreel.task.v1 import task_pb2
from voxreel.task.v1.task_service_pb2 import UpdateTaskRequest

_MODES: Mapping[str, messages.RewriteMode.ValueType] = MappingProxyType(
    {"auto": messages.REWRITE_MODE_AUTO, "custom": messages.REWRITE_MODE_CUSTOM}
)
_HEARTBEAT_S = 5.0
_PIECE = re.compile(r"[^。！？!?\n]*[。！？!?\n]+|[^。！？!?\n]+")


async def rewrite(given: RewriteIn, call: Call) -> RewriteOut | EventStream:
    """The text written anew, as one reply or piece by piece."""
    response = await call.shared.clients.texts.CreateRewrite(
        messages.CreateRewriteRequest(
            request_id=call.request_key,
            text=given.text,
            mode=_MODES[given.mode],
            custom_instruction=given.custom_instruction,
            length_ratio=given.length_ratio,
        )
    )
    if given.stream:
        return EventStream(_events(response.task, given, call))
    return _reply(await _ended(response.task, call), given)


async def list_models(_given: NoInput, call: Call) -> ModelsOut:
    """The models that can be used now."""
    response = await call.shared.clients.texts.ListLanguageModels(messages.ListLanguageModelsRequest())
    return {
        "models": [
            {"id": model.id, "name": model.display_name, "description": model.description} for model in response.models
        ]
    }


async def _events(task: task_pb2.Task, given: RewriteIn, call: Call) -> AsyncGenerator[JsonObject | None, None]:
    waiting = asyncio.ensure_future(_ended(task, call))
    try:
        while not waiting.done():
            yield None
            await asyncio.wait((waiting,), timeout=_HEARTBEAT_S)
        reply = _reply(waiting.result(), given)
    finally:
        waiting.cancel()
        await asyncio.gather(waiting, return_exceptions=True)
    for piece in _PIECE.findall(reply["rewritten_text"]):
        yield {"delta": piece}
    yield reply


async def _ended(task: task_pb2.Task, call: Call) -> task_pb2.Task:
    """The task when it has succeeded. Raises Unavailable when it failed, DeadlineExceeded when it took too long; it is
    then cancelled, for nobody will come for the result."""
    clients = call.shared.clients
    ended = await wait_for_end(task, clients, timeout_s=WAIT_S)
    if ended.state not in TERMINAL:
        try:
            await clients.speech_tasks.UpdateTask(UpdateTaskRequest(task_id=task.id, cancels=True))
        except Precondition:
            # It has ended at the last moment, and is paid for.
            ended = await wait_for_end(task, clients, timeout_s=1.0)
        else:
            raise DeadlineExceeded(reasons.ERROR_REASON_DEADLINE_EXCEEDED, "文本仿写超时")
    if ended.state != task_pb2.TASK_STATE_SUCCEEDED:
        raise Unavailable(reasons.ERROR_REASON_ENGINE_FAILED, task_error(ended) or "文本仿写失败")
    return ended


def _reply(task: task_pb2.Task, given: RewriteIn) -> RewriteOut:
    output = plain(task.output)
    return {
        "original_text": given.text,
        "rewritten_text": output["rewritten_text"],
        "mode": given.mode,
        "model": output["model"],
        "usage": {
            "prompt_tokens": output["prompt_tokens"],
            "completion_tokens": output["completion_tokens"],
            "total_tokens": output["prompt_tokens"] + output["completion_tokens"],
        },
        "stream": given.stream,
        "task_id": task.id,
    }
