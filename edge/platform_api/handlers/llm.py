"""Texts written anew, and the models that write."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Mapping
from contextlib import aclosing
from types import MappingProxyType
from typing import TypeAlias

from edge.endpoint import Call, EventStream, JsonObject, NoInput
from edge.platform_api.models.llm import ModelsOut, RewriteIn, RewriteOut
from edge.platform_api.render_tasks import task_error
from kit.errors import DomainError, Internal, Invalid, Unavailable
from kit.rpc.streams import responses_of
from kit.rpc.structs import plain
from voxreel.common.v1 import error_reason_pb2 as reasons
from voxreel.speech.v1 import text_service_pb2 as messages
from voxreel.task.v1 import task_pb2

_Responses: TypeAlias = AsyncGenerator[messages.StreamRewriteResponse, None]

_MODES: Mapping[str, messages.RewriteMode.ValueType] = MappingProxyType(
    {"auto": messages.REWRITE_MODE_AUTO, "custom": messages.REWRITE_MODE_CUSTOM}
)
_HEARTBEAT_S = 5.0
_REFUSED_INPUT = "FIELD_INVALID"


async def rewrite(given: RewriteIn, call: Call) -> RewriteOut | EventStream:
    """The text written anew, as one reply or piece by piece. Who leaves before it is whole has cancelled it."""
    order = messages.RewriteOrder(
        request_id=call.request_key,
        text=given.text,
        mode=_MODES[given.mode],
        custom_instruction=given.custom_instruction,
        length_ratio=given.length_ratio,
    )
    request = messages.StreamRewriteRequest(rewrite=order)
    responses = responses_of(call.shared.clients.texts.StreamRewrite(request))
    # What is refused is refused before the first response, when a status can still tell it.
    await anext(responses)
    if given.stream:
        return EventStream(_events(responses, given))
    async with aclosing(responses):
        async for response in responses:
            if response.HasField("ended"):
                return _reply(response.ended, given)
    raise Internal


async def list_models(_given: NoInput, call: Call) -> ModelsOut:
    """The models that can be used now."""
    response = await call.shared.clients.texts.ListLanguageModels(messages.ListLanguageModelsRequest())
    return {
        "models": [
            {"id": model.id, "name": model.display_name, "description": model.description} for model in response.models
        ]
    }


async def _events(responses: _Responses, given: RewriteIn) -> AsyncGenerator[JsonObject | None, None]:
    async with aclosing(_with_heartbeats(responses)) as received:
        async for response in received:
            if response is None:
                yield None
            elif response.HasField("delta"):
                yield {"delta": response.delta}
            elif response.HasField("restart"):
                yield {"delta": "", "restart": True}
            elif response.HasField("ended"):
                yield _reply(response.ended, given)


async def _with_heartbeats(responses: _Responses) -> AsyncGenerator[messages.StreamRewriteResponse | None, None]:
    """The responses, and None whenever there has been none for a while."""
    getting: asyncio.Task[messages.StreamRewriteResponse | None] | None = None
    try:
        while True:
            getting = getting or asyncio.create_task(_next_of(responses))
            if not (await asyncio.wait((getting,), timeout=_HEARTBEAT_S))[0]:
                yield None
                continue
            response, getting = getting.result(), None
            if response is None:
                return
            yield response
    finally:
        if getting is not None:
            getting.cancel()
            await asyncio.gather(getting, return_exceptions=True)
        await responses.aclose()


async def _next_of(responses: _Responses) -> messages.StreamRewriteResponse | None:
    return await anext(responses, None)


def _reply(task: task_pb2.Task, given: RewriteIn) -> RewriteOut:
    """Raises DomainError when nothing came of the task."""
    if task.state != task_pb2.TASK_STATE_SUCCEEDED:
        raise _failure(task)
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
        "engine": output["engine"],
        "quality": output["quality"],
        "warnings": output["warnings"],
    }


def _failure(task: task_pb2.Task) -> DomainError:
    message = task_error(task) or "文本仿写失败"
    if task.error_reason == _REFUSED_INPUT:
        return Invalid(reasons.ERROR_REASON_FIELD_INVALID, message)
    return Unavailable(reasons.ERROR_REASON_ENGINE_FAILED, message)
