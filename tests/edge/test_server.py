"""The end of the HTTP server."""

from __future__ import annotations

import asyncio

import pytest
from aiohttp import ClientConnectionError, ClientSession, web

from edge.request_record import RequestRecord
from edge.server import HttpServer
from kit.observability.metrics import CallMetrics
from tests.polling import eventually


class _Gate:
    """A handler that answers when it is told to."""

    def __init__(self) -> None:
        self.is_entered = False
        self.opened = asyncio.Event()

    async def serve(self, _request: web.Request) -> web.Response:
        self.is_entered = True
        await self.opened.wait()
        return web.Response(text="done")

    def application(self) -> web.Application:
        application = web.Application()
        application.router.add_get("/", self.serve)
        return application


def _server(gate: _Gate) -> HttpServer:
    return HttpServer(gate.application(), RequestRecord(CallMetrics("voxreel_edge")))


async def test_a_running_request_is_finished_and_a_new_one_refused() -> None:
    gate = _Gate()
    server = _server(gate)
    url = f"http://127.0.0.1:{await server.start('127.0.0.1:0')}/"
    async with ClientSession() as client:
        running = asyncio.create_task(_read(client, url))
        await eventually(lambda: gate.is_entered)
        stopping = asyncio.create_task(server.stop(10.0))
        await eventually(lambda: _refuses(url))
        gate.opened.set()
        assert await running == "done"
        await stopping


async def test_the_grace_is_the_limit() -> None:
    gate = _Gate()
    server = _server(gate)
    url = f"http://127.0.0.1:{await server.start('127.0.0.1:0')}/"
    async with ClientSession() as client:
        running = asyncio.create_task(_read(client, url))
        await eventually(lambda: gate.is_entered)
        async with asyncio.timeout(60):
            await server.stop(0.05)
        with pytest.raises(ClientConnectionError):
            await running


async def test_stopping_twice_is_harmless() -> None:
    server = _server(_Gate())
    await server.start("127.0.0.1:0")
    await server.stop(0.0)
    await server.stop(0.0)


async def test_bytes_that_are_no_http_are_refused_and_not_logged_as_our_fault(
    caplog: pytest.LogCaptureFixture,
) -> None:
    server = _server(_Gate())
    port = await server.start("127.0.0.1:0")
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(b"GET / HTTP/1.1\r\nBad Header\r\n\r\n")
    status_line = await asyncio.wait_for(reader.readline(), 5.0)
    writer.close()
    await server.stop(0.0)
    assert status_line.split()[1] == b"400"
    assert not [record for record in caplog.records if record.levelname == "ERROR"]


async def _read(client: ClientSession, url: str) -> str:
    async with client.get(url) as response:
        return await response.text()


async def _refuses(url: str) -> bool:
    async with ClientSession() as client:
        try:
            await asyncio.wait_for(_read(client, url), 0.2)
        except ClientConnectionError:
            return True
        except TimeoutError:
            return False
    return False
