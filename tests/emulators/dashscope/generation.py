"""Qwen over HTTP: whole answers and streams of events."""

from __future__ import annotations

import asyncio
import json
from typing import Any

from aiohttp import web

from tests.emulators.dashscope.account import RATE_QUOTA, STATE, AccountState, error, for_ever


async def generate(request: web.Request) -> web.StreamResponse:
    """Echoes what the last message holds between marks, or the whole of it."""
    state: AccountState = request.app[STATE]
    body = await request.json()
    state.requests.append(body)
    given = body["input"]
    messages = given.get("messages") or [{"role": "user", "content": given.get("prompt", "")}]
    if not any(str(message["content"]).strip() for message in messages):
        return error(400, "BadRequest.EmptyInput")
    if not state.submit(body["model"]):
        return error(429, RATE_QUOTA, "Requests rate limit exceeded, please try again later.")
    answer = _material(str(messages[-1]["content"]))
    parameters = body.get("parameters", {})
    prompt_tokens = sum(len(str(message["content"])) for message in messages)
    if request.headers.get("X-DashScope-SSE") != "enable":
        return web.json_response(_chunk(parameters, answer, "stop", usage=(prompt_tokens, len(answer))))
    return await _stream(request, parameters, answer, prompt_tokens)


async def _stream(
    request: web.Request, parameters: dict[str, Any], answer: str, prompt_tokens: int
) -> web.StreamResponse:
    state: AccountState = request.app[STATE]
    faults = state.faults.http
    response = web.StreamResponse(headers={"Content-Type": "text/event-stream;charset=UTF-8"})
    await response.prepare(request)
    state.counts["streams"] += 1
    try:
        for number, end in enumerate(range(1, len(answer) + 2)):
            if number == faults.stream_cut_after and request.transport is not None:
                request.transport.abort()
            if number == faults.stream_stalls_after:
                await for_ever()
            if number == faults.stream_garbage_after:
                await response.write(b"data:{this is no JSON\n\n")
            if number == faults.stream_fails_after:
                refused = {"code": faults.stream_code, "message": "refused: sk-secret", "request_id": "r"}
                await response.write(_event(number, "error", 400, refused))
                return response
            text = answer[end - 1 : end] if parameters.get("incremental_output") else answer[:end]
            reason = "stop" if end > len(answer) else "null"
            usage = (prompt_tokens, min(end, len(answer)))
            await response.write(_event(number, "result", 200, _chunk(parameters, text, reason, usage=usage)))
            state.counts["stream_events"] += 1
    except (asyncio.CancelledError, ConnectionError):
        state.counts["streams_left"] += 1
        raise
    return response


def _chunk(parameters: dict[str, Any], text: str, reason: str, *, usage: tuple[int, int]) -> dict[str, Any]:
    if parameters.get("result_format") == "message":
        message = {"content": text, "role": "assistant"}
        output: dict[str, Any] = {"choices": [{"message": message, "finish_reason": reason}]}
    else:
        output = {"text": text, "finish_reason": reason}
    counts = {"input_tokens": usage[0], "output_tokens": usage[1], "total_tokens": sum(usage)}
    return {"output": output, "usage": counts, "request_id": "emulated"}


def _event(number: int, name: str, status: int, data: dict[str, Any]) -> bytes:
    text = json.dumps(data, ensure_ascii=False, separators=(",", ":"))
    return f"id:{number + 1}\nevent:{name}\n:HTTP_STATUS/{status}\ndata:{text}\n\n".encode()


def _material(content: str) -> str:
    lines = content.splitlines()
    marks = [place for place, line in enumerate(lines) if line.startswith(("<text-", "</text-"))]
    return "\n".join(lines[marks[0] + 1 : marks[-1]]) if len(marks) > 1 else content
