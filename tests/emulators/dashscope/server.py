"""The emulator: one account behind one port, HTTP and WebSocket."""

from __future__ import annotations

import asyncio
import base64
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

from aiohttp import web

from tests.emulators.dashscope import enrolment, generation, video
from tests.emulators.dashscope.account import STATE, AccountState, characters, error
from tests.emulators.dashscope.faults import Faults
from tests.emulators.dashscope.sound import pieces_of, samples_of, sentences_of
from tests.emulators.dashscope.speech import serve_socket

_API = "/api/v1"
_SOCKET = "/api-ws/v1/inference"
_Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class DashScopeEmulator:
    """`state` is the account, with its switches for faults."""

    def __init__(self) -> None:
        self.state = AccountState()
        self.http_url = ""
        self.websocket_url = ""

    @property
    def faults(self) -> Faults:
        return self.state.faults

    @asynccontextmanager
    async def serving(self) -> AsyncIterator[DashScopeEmulator]:
        """Listens on a free port."""
        application = web.Application(middlewares=[_faulty], client_max_size=64 << 20)
        application[STATE] = self.state
        for path, handler, method in _ROUTES:
            application.router.add_route(method, path, handler)
            application.router.add_route(method, f"{path}/", handler)
        runner = web.AppRunner(application, handler_cancellation=True, shutdown_timeout=0.1)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        port = runner.addresses[0][1]
        self.http_url = f"http://127.0.0.1:{port}{_API}"
        self.websocket_url = f"ws://127.0.0.1:{port}{_SOCKET}"
        try:
            yield self
        finally:
            await runner.cleanup()


async def _synthesize(request: web.Request) -> web.StreamResponse:
    """CosyVoice without a socket."""
    state: AccountState = request.app[STATE]
    body = await request.json()
    state.requests.append(body)
    given = body["input"]
    if not state.knows_voice(body["model"], given.get("voice", "")):
        return error(400, "InvalidParameter", "[tts:]Engine return error code: 418")
    sample_rate, text = int(given.get("sample_rate", 22050)), str(given["text"])
    spoken = [samples_of(sentence, sample_rate=sample_rate, rate=1.0) for sentence in sentences_of(text)]
    pieces = pieces_of(spoken, audio_format=str(given.get("format", "mp3")), sample_rate=sample_rate)
    audio_id = f"audio_{uuid.uuid4().hex}"
    audio = {
        "data": base64.b64encode(b"".join(pieces)).decode() if given.get("inline") else "",
        "url": f"http://{request.host}/results/{audio_id}",
        "id": audio_id,
        "expires_at": 1_790_000_000,
    }
    state.files["result"] = b"".join(pieces)
    output = {"finish_reason": "stop", "audio": audio}
    usage = {"characters": characters(text)}
    return web.json_response({"request_id": str(uuid.uuid4()), "output": output, "usage": usage})


@web.middleware
async def _faulty(request: web.Request, handler: _Handler) -> web.StreamResponse:
    state: AccountState = request.app[STATE]
    if not request.path.startswith(_API):
        return await handler(request)
    faults = state.faults.http
    state.counts["http"] += 1
    await asyncio.sleep(faults.delay_s)
    if faults.resets and request.transport is not None:
        request.transport.abort()
        return web.Response()
    if faults.is_html:
        return web.Response(status=502, text="<html><h1>502 Bad Gateway</h1></html>", content_type="text/html")
    if faults.is_garbage:
        return web.Response(text='{"output": "?"')
    if faults.status is not None:
        return error(faults.status, faults.code, "the key sk-secret and the text are quoted here")
    if not state.is_key(request):
        return error(401, "InvalidApiKey", "Invalid API-key provided.")
    return await handler(request)


_ROUTES: tuple[tuple[str, _Handler, str], ...] = (
    (_SOCKET, serve_socket, "GET"),
    (f"{_API}/services/aigc/text-generation/generation", generation.generate, "POST"),
    (f"{_API}/services/audio/tts/customization", enrolment.customize, "POST"),
    (f"{_API}/services/audio/tts/SpeechSynthesizer", _synthesize, "POST"),
    (f"{_API}/services/aigc/image2video/video-synthesis", video.submit, "POST"),
    (f"{_API}/tasks/{{task_id}}", video.query, "GET"),
    (f"{_API}/tasks", video.list_tasks, "GET"),
    (f"{_API}/tasks/{{task_id}}/cancel", video.cancel, "POST"),
    (f"{_API}/uploads", enrolment.policy, "GET"),
    ("/storage", enrolment.store, "POST"),
    ("/results/{name}", video.result, "GET"),
)
