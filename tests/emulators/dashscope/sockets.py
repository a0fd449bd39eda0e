"""The WebSocket: one task at a time, several one after another."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from aiohttp import WSMessage, WSMsgType, web

from tests.emulators.dashscope.account import AccountState, error, for_ever
from tests.emulators.dashscope.faults import SocketFaults


class TaskFailed(Exception):
    """The task ends with this code and message, and the connection with it."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(code, message)
        self.code = code
        self.message = message


class ConnectionOver(Exception):
    """There is nobody to talk to any more."""


class TaskChannel:
    """What one task says and hears."""

    def __init__(self, state: AccountState, request: web.Request, socket: web.WebSocketResponse) -> None:
        self.state = state
        self._request = request
        self._socket = socket
        self._faults: SocketFaults = state.faults.socket
        self._said = 0
        self.task_id = ""

    def begin(self, task_id: str) -> None:
        """A new task."""
        self.task_id = task_id
        self._said = 0

    async def event(self, name: str, payload: dict[str, Any], **header: Any) -> None:
        """Says an event."""
        head = {"task_id": self.task_id, "event": name, "attributes": {}, **header}
        await self._say(json.dumps({"header": head, "payload": payload}, ensure_ascii=False))

    async def audio(self, data: bytes) -> None:
        """Says a binary frame."""
        await self._say(data)

    async def hear(self) -> dict[str, Any] | bytes:
        """What the client says next. Raises TaskFailed when it says nothing, ConnectionOver when it leaves."""
        try:
            async with asyncio.timeout(self.state.silence_s):
                return _content(await self._socket.receive())
        except TimeoutError:
            seconds = round(self.state.silence_s)
            raise TaskFailed("InvalidParameter", f"request timeout after {seconds} seconds.") from None

    async def _say(self, message: str | bytes) -> None:
        faults = self._faults
        if self._said == faults.silent_after:
            await self._wait_for_the_end()
        if self._said == faults.drops_after:
            self.drop()
        if self._said == faults.closes_after:
            await self._socket.close()
            raise ConnectionOver
        if self._said == faults.garbage_after:
            message = "{this is no JSON"
        if self._said == faults.fails_after:
            self._said += 1
            raise TaskFailed(faults.failure_code, faults.failure_message)
        self._said += 1
        await asyncio.sleep(faults.pause_s)
        try:
            if isinstance(message, bytes):
                await self._socket.send_bytes(message)
            else:
                await self._socket.send_str(message)
        except ConnectionError:
            raise ConnectionOver from None

    def drop(self) -> None:
        """The connection is gone without a word."""
        transport = self._request.transport
        if transport is not None:
            transport.abort()
        raise ConnectionOver

    async def _wait_for_the_end(self) -> None:
        """Says nothing until the client leaves."""
        while (await self._socket.receive()).type in (WSMsgType.TEXT, WSMsgType.BINARY):
            pass
        raise ConnectionOver

    async def never_start(self) -> None:
        """The client waits in vain."""
        await self._wait_for_the_end()


@asynccontextmanager
async def open_channel(state: AccountState, request: web.Request) -> AsyncIterator[TaskChannel]:
    """The connection, after the handshake. Raises HTTP errors for what fails there."""
    faults = state.faults.socket
    if faults.hangs_at_handshake:
        await for_ever()
    if faults.handshake_status is not None:
        raise _refused(faults.handshake_status, faults.handshake_code)
    if not state.is_key(request):
        raise _refused(401, "InvalidApiKey")
    socket = web.WebSocketResponse(max_msg_size=1 << 20)
    await socket.prepare(request)
    state.sockets.add(socket)
    try:
        yield TaskChannel(state, request, socket)
    finally:
        state.sockets.discard(socket)
        await socket.close()


async def first_message(channel: TaskChannel) -> dict[str, Any]:
    """The run-task of the next task. Raises ConnectionOver when none comes in time."""
    channel_silence, channel.state.silence_s = channel.state.silence_s, channel.state.idle_s
    try:
        message = await channel.hear()
    except TaskFailed:
        raise ConnectionOver from None
    finally:
        channel.state.silence_s = channel_silence
    return message if isinstance(message, dict) else {}


def _content(message: WSMessage) -> dict[str, Any] | bytes:
    if message.type is WSMsgType.BINARY:
        return bytes(message.data)
    if message.type is not WSMsgType.TEXT:
        raise ConnectionOver
    parsed = json.loads(message.data)
    assert isinstance(parsed, dict), "clients send objects"
    return parsed


def _refused(status: int, code: str) -> web.HTTPException:
    response = error(status, code)
    refusal = type("Refused", (web.HTTPException,), {"status_code": status})
    return refusal(text=response.text, content_type="application/json")
