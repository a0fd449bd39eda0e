"""Reads the Server-Sent Events of a chat completion, with a bound on everything."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import AsyncGenerator
from typing import Any

from aiohttp import ClientError, ClientResponse

from kit.engines import EngineBroken
from services.speech.engines.model_answers import Chunk

_MAX_LINE_BYTES = 256 * 1024
_MAX_BYTES = 8 * 1024 * 1024
_DONE = b"[DONE]"
_DATA = b"data:"
_CODE = re.compile(r"[A-Za-z0-9_.-]{1,64}\Z")


async def read_chunks(response: ClientResponse, *, deadline: float) -> AsyncGenerator[Chunk, None]:
    """The events until the server says that they are all. `deadline` is a time of the loop's clock.

    Raises EngineBroken when they are no such events, end early, or take too long.
    """
    async for line in _lines(response, deadline):
        if not line.startswith(_DATA):
            continue
        data = line.removeprefix(_DATA).strip()
        if data == _DONE:
            return
        yield _chunk(data)


async def _lines(response: ClientResponse, deadline: float) -> AsyncGenerator[bytes, None]:
    pending, total = b"", 0
    while block := await _block(response, deadline):
        total += len(block)
        *lines, pending = (pending + block).split(b"\n")
        if total > _MAX_BYTES or len(pending) > _MAX_LINE_BYTES:
            raise EngineBroken("the server sent too much")
        for line in lines:
            yield line
    if pending:
        yield pending


async def _block(response: ClientResponse, deadline: float) -> bytes:
    try:
        async with asyncio.timeout_at(deadline):
            return await response.content.readany()
    except (ClientError, TimeoutError) as error:
        raise EngineBroken(f"the answer broke off: {type(error).__name__}") from error


def _chunk(data: bytes) -> Chunk:
    try:
        event = json.loads(data)
    except ValueError:
        raise EngineBroken("the server sent an event that is no JSON") from None
    if not isinstance(event, dict):
        raise EngineBroken("the server sent an event that is no object")
    if event.get("error"):
        raise EngineBroken(f"the server reported an error: {error_code(event)}")
    choice = _first(event.get("choices"))
    delta, usage = choice.get("delta"), event.get("usage")
    content = delta.get("content") if isinstance(delta, dict) else None
    counts = usage if isinstance(usage, dict) else {}
    return Chunk(
        content=content if isinstance(content, str) else "",
        finish_reason=str(choice.get("finish_reason") or ""),
        prompt_tokens=_count(counts.get("prompt_tokens")),
        completion_tokens=_count(counts.get("completion_tokens")),
    )


def error_code(body: object) -> str:
    """The code of an error, where it is one; never its text, which may quote a key or the input."""
    error = body.get("error") if isinstance(body, dict) else None
    for field in ("code", "type"):
        code = error.get(field) if isinstance(error, dict) else None
        if isinstance(code, str) and _CODE.match(code):
            return code
    return "unknown"


def _first(choices: object) -> dict[str, Any]:
    if isinstance(choices, list) and choices and isinstance(choices[0], dict):
        return choices[0]
    return {}


def _count(value: object) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) and value >= 0 else None
