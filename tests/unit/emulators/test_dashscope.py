"""The emulator against the SDK's own classes, where the adapters do not use them, and against bare frames."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any

import pytest
from aiohttp import ClientSession, ClientWebSocketResponse, WSMsgType

from tests.emulators.dashscope.account import KEY
from tests.emulators.dashscope.faults import HttpFaults
from tests.emulators.dashscope.server import DashScopeEmulator

HEADERS = {"Authorization": f"bearer {KEY}"}


@pytest.fixture
async def emulator(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[DashScopeEmulator]:
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    async with DashScopeEmulator().serving() as serving:
        yield serving


@pytest.fixture
async def session() -> AsyncIterator[ClientSession]:
    async with ClientSession(headers=HEADERS) as opened:
        yield opened


def _message(action: str, task_id: str, **payload: Any) -> str:
    header = {"action": action, "task_id": task_id, "streaming": "duplex"}
    return json.dumps({"header": header, "payload": {"input": {}, **payload}})


def _run(task_id: str, **parameters: Any) -> str:
    wanted = {"voice": "longxiaochun_v2", "format": "wav", "sample_rate": 16000, **parameters}
    return _message("run-task", task_id, task="tts", model="cosyvoice-v2", parameters=wanted)


async def _answers(socket: ClientWebSocketResponse) -> tuple[list[dict[str, Any]], bytes]:
    """Events until the task ends, and its audio."""
    events: list[dict[str, Any]] = []
    audio = b""
    async with asyncio.timeout(60):
        async for message in socket:
            if message.type is WSMsgType.BINARY:
                audio += message.data
                continue
            events.append(json.loads(message.data))
            if events[-1]["header"]["event"] in ("task-finished", "task-failed"):
                break
    return events, audio


async def _speak(socket: ClientWebSocketResponse, task_id: str, *texts: str, **parameters: Any) -> dict[str, Any]:
    await socket.send_str(_run(task_id, **parameters))
    for text in texts:
        await socket.send_str(_message("continue-task", task_id, input={"text": text}))
    await socket.send_str(_message("finish-task", task_id))
    events, audio = await _answers(socket)
    return {**events[-1], "audio": audio}


async def test_a_connection_carries_one_task_after_another(emulator: DashScopeEmulator, session: ClientSession) -> None:
    async with session.ws_connect(f"{emulator.websocket_url}/") as socket:
        for task_id in ("a", "b"):
            ended = await _speak(socket, task_id, "你好。", "OK.")
            assert ended["header"]["event"] == "task-finished"
            assert ended["payload"]["usage"] == {"characters": 8}
            assert ended["audio"].count(b"RIFF") == 1


@pytest.mark.parametrize(
    ("texts", "parameters", "code"),
    [
        (("你好。",), {"voice": "zhichu"}, "418"),
        (("你好。",), {"format": "flac"}, "format"),
        (("……",), {}, "valid"),
        (("a", "b"), {"enable_ssml": True}, "limit violated"),
    ],
)
async def test_what_breaks_a_rule_ends_the_connection(
    emulator: DashScopeEmulator,
    session: ClientSession,
    texts: tuple[str, ...],
    parameters: dict[str, Any],
    code: str,
) -> None:
    async with session.ws_connect(emulator.websocket_url) as socket:
        ended = await _speak(socket, "a", *texts, **parameters)
        assert ended["header"]["event"] == "task-failed"
        assert code in ended["header"]["error_message"]
        assert (await socket.receive()).type in (WSMsgType.CLOSE, WSMsgType.CLOSED)


async def test_a_silent_client_and_an_idle_connection_are_ended(
    emulator: DashScopeEmulator, session: ClientSession
) -> None:
    emulator.state.silence_s = emulator.state.idle_s = 0.05
    async with session.ws_connect(emulator.websocket_url) as socket:
        await socket.send_str(_run("a"))
        events, _audio = await _answers(socket)
        assert "timeout" in events[-1]["header"]["error_message"]
    async with session.ws_connect(emulator.websocket_url) as socket:
        assert (await socket.receive(timeout=2)).type is WSMsgType.CLOSE


async def test_a_limit_that_is_switched_on_throttles(emulator: DashScopeEmulator, session: ClientSession) -> None:
    emulator.state.rates = {"cosyvoice": 1}
    async with session.ws_connect(emulator.websocket_url) as socket:
        assert (await _speak(socket, "a", "好。"))["header"]["event"] == "task-finished"
        assert (await _speak(socket, "b", "好。"))["header"]["error_code"] == "Throttling.RateQuota"


async def test_tasks_of_video_run_one_at_a_time(emulator: DashScopeEmulator) -> None:
    from dashscope import close_shared_aio_session
    from dashscope.client.base_api import BaseAsyncAioApi

    common = {"api_key": KEY, "base_address": emulator.http_url}
    emulator.state.files["result"] = b"video"

    async def submit() -> str:
        given = {"video_url": "http://h/v.mp4", "audio_url": "http://h/a.wav"}
        place = {"task_group": "aigc", "task": "image2video", "function": "video-synthesis"}
        submitted = await BaseAsyncAioApi.async_call(model="videoretalk", input=given, **place, **common)
        return str(submitted.output["task_id"])

    async def look(task_id: str) -> Any:
        return (await BaseAsyncAioApi.fetch(task_id, **common)).output

    first, second = await submit(), await submit()
    assert (await look(first))["task_status"] == "RUNNING"
    assert (await look(second))["task_status"] == "PENDING"
    ended = await look(first)
    assert ended["task_status"] == "SUCCEEDED"
    async with ClientSession() as session, session.get(ended["video_url"]) as video:
        assert await video.read() == b"video"
    assert (await BaseAsyncAioApi.cancel(second, **common)).status_code == 200
    assert (await BaseAsyncAioApi.cancel(first, **common)).code == "UnsupportedOperation"
    assert (await look("unknown"))["task_status"] == "UNKNOWN"
    emulator.faults.http = HttpFaults(task_ends="FAILED")
    third = await submit()
    assert [(await look(third))["task_status"] for _ in range(2)] == ["RUNNING", "FAILED"]
    await close_shared_aio_session()


async def test_the_sdk_of_the_first_version_speaks_sambert_and_whole_files(emulator: DashScopeEmulator) -> None:
    from dashscope.audio.tts import SpeechSynthesizer
    from dashscope.v2.resources.audio.http_tts import HttpTts

    from services.speech.engines.dashscope.account import Account
    from services.speech.engines.dashscope.settings import DashScopeSettings

    def sambert() -> Any:
        return SpeechSynthesizer.call(
            model="sambert-zhichu-v1", text="你好。", api_key=KEY, base_address=emulator.websocket_url, format="wav"
        )

    result = await asyncio.to_thread(sambert)
    assert result.get_audio_data().startswith(b"RIFF"), result.get_response()
    account = Account(DashScopeSettings(api_key=KEY, http_url=emulator.http_url))
    client = await asyncio.to_thread(account.client)

    def whole() -> Any:
        return HttpTts(client).synthesize(model="cosyvoice-v2", text="你好。", voice="longcheng_v2", format="mp3")

    assert (await asyncio.to_thread(whole)).usage is not None
    account.close()
