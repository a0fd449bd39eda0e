"""A server that speaks OpenAI's chat API as an obedient model would answer it, with switches for faults."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

from aiohttp import web

_MARK = re.compile(r"<(text-[0-9a-f]+)>")
_COMMAND = re.compile(r"输出[：:]\s*(\S+)")
Answer = Callable[[list[dict[str, str]]], list[str]]


def obey(messages: list[dict[str, str]]) -> list[str]:
    """Echoes the material, unless anything outside of it commands otherwise: that it obeys."""
    mark = _MARK.search(messages[0]["content"])
    assert mark is not None, "the system message tells the marks"
    opening, closing = f"<{mark.group(1)}>\n", f"\n</{mark.group(1)}>"
    before, _, rest = messages[-1]["content"].partition(opening)
    material, found, after = rest.partition(closing)
    outside = "\n".join([*(message["content"] for message in messages[1:-1]), before, after if found else rest])
    command = _COMMAND.search(outside)
    return [command.group(1)] if command is not None else list(material)


class FakeChatServer:
    """Answers with the pieces that `answer` makes of the messages. Faults are set as attributes."""

    def __init__(self) -> None:
        self.answer: Answer = obey
        self.status = 200
        self.error: dict[str, Any] = {"error": {"code": "server_error", "message": "key sk-secret is wrong"}}
        self.content_type = "text/event-stream"
        self.finish_reason = "stop"
        self.usage: dict[str, int] | None = {"prompt_tokens": 11, "completion_tokens": 7, "total_tokens": 18}
        self.raw: list[bytes] = []
        self.drops_after: int | None = None
        self.is_held = False
        self.is_endless = False
        self.requests: list[dict[str, Any]] = []
        self.headers: list[dict[str, str]] = []
        self.sent = 0
        self.was_left = asyncio.Event()
        self.base_url = ""

    @asynccontextmanager
    async def serve(self) -> AsyncIterator[FakeChatServer]:
        """Listens while the context lasts."""
        application = web.Application()
        application.router.add_post("/v1/chat/completions", self._complete)
        runner = web.AppRunner(application, handler_cancellation=True, shutdown_timeout=0.1)
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        self.base_url = f"http://127.0.0.1:{runner.addresses[0][1]}/v1"
        try:
            yield self
        finally:
            await runner.cleanup()

    async def _complete(self, request: web.Request) -> web.StreamResponse:
        body = await request.json()
        self.requests.append(body)
        self.headers.append(dict(request.headers))
        if self.status != 200:
            return web.json_response(self.error, status=self.status)
        response = web.StreamResponse(headers={"Content-Type": self.content_type})
        await response.prepare(request)
        try:
            await self._send_answer(response, body)
        except (asyncio.CancelledError, ConnectionError):
            self.was_left.set()
            raise
        return response

    async def _send_answer(self, response: web.StreamResponse, body: dict[str, Any]) -> None:
        for line in self.raw:
            await response.write(line)
        pieces = self.answer(body["messages"])
        while True:
            for place, piece in enumerate(pieces):
                if place == self.drops_after:
                    response.force_close()
                    return
                await response.write(
                    _line({"choices": [{"index": 0, "delta": {"content": piece}, "finish_reason": None}]})
                )
                self.sent += 1
            if not self.is_endless:
                break
        if self.is_held:
            await asyncio.Event().wait()
        await response.write(_line({"choices": [{"index": 0, "delta": {}, "finish_reason": self.finish_reason}]}))
        if self.usage is not None:
            await response.write(_line({"choices": [], "usage": self.usage}))
        await response.write(b": comment\n\ndata: [DONE]\n\n")


def _line(event: dict[str, Any]) -> bytes:
    return b"data: " + json.dumps(event, ensure_ascii=False).encode() + b"\r\n\r\n"
