from __future__ import annotations

import asyncio

import orjson
import pytest

from kit.observability.admin import AdminServer, admin_routes
from kit.observability.health import Health, Severity, Status
from kit.observability.metrics import Metrics
from tests.polling import eventually


class FakeDependency:
    """Something that can be away or hang."""

    def __init__(self) -> None:
        self.is_there = True
        self.hangs = False
        self.checks = 0

    async def check(self) -> None:
        self.checks += 1
        if self.hangs:
            await asyncio.Event().wait()
        if not self.is_there:
            raise ConnectionError("postgresql://user:secret@host")


async def test_not_serving_before_the_first_checks() -> None:
    health = Health()
    assert health.status is Status.NOT_SERVING
    assert await health.step() is Status.SERVING


async def test_a_required_check_decides_and_recovers() -> None:
    health, database = Health(), FakeDependency()
    health.add_check("database", database.check)
    database.is_there = False
    assert await health.step() is Status.NOT_SERVING
    assert health.results["database"].problem == "ConnectionError"
    database.is_there = True
    assert await health.step() is Status.SERVING
    assert health.results["database"].problem == ""


async def test_a_degrading_check_keeps_serving() -> None:
    health, broker = Health(), FakeDependency()
    health.add_check("broker", broker.check, severity=Severity.DEGRADES)
    broker.is_there = False
    assert await health.step() is Status.DEGRADED
    assert health.is_ready


async def test_what_is_needed_to_begin_only_degrades_later() -> None:
    health, peer, database = Health(), FakeDependency(), FakeDependency()
    health.add_check("peer", peer.check, severity=Severity.AT_START)
    health.add_check("database", database.check)
    peer.is_there = False
    assert await health.step() is Status.NOT_SERVING
    peer.is_there, database.is_there = True, False
    assert await health.step() is Status.NOT_SERVING
    peer.is_there, database.is_there = False, True
    assert await health.step() is Status.NOT_SERVING, "it has not begun yet"
    peer.is_there = True
    assert await health.step() is Status.SERVING
    peer.is_there = False
    assert await health.step() is Status.DEGRADED


async def test_a_check_that_hangs_fails_alone_and_in_time() -> None:
    health, slow, good = Health(), FakeDependency(), FakeDependency()
    slow.hangs = True
    health.add_check("slow", slow.check, timeout_s=0.01)
    health.add_check("good", good.check)
    assert await health.step() is Status.NOT_SERVING
    assert (health.results["slow"].problem, health.results["good"].problem) == ("timed out", "")


async def test_listeners_hear_changes_only() -> None:
    health, heard = Health(), list[Status]()

    async def listen(status: Status) -> None:
        heard.append(status)

    health.on_change(listen)
    for _ in range(3):
        await health.step()
    await health.drain()
    assert heard == [Status.SERVING, Status.NOT_SERVING]


async def test_draining_is_final() -> None:
    health, database = Health(), FakeDependency()
    health.add_check("database", database.check)
    await health.step()
    await health.drain()
    assert await health.step() is Status.NOT_SERVING
    assert health.is_draining


async def test_checks_repeat_quickly_until_the_first_success() -> None:
    health, database, stop = Health(), FakeDependency(), asyncio.Event()
    database.is_there = False
    health.add_check("database", database.check)
    async with asyncio.TaskGroup() as group:
        group.create_task(health.run(stop))
        await eventually(lambda: database.checks >= 5)
        database.is_there = True
        await eventually(lambda: health.is_ready)
        stop.set()


async def answer(port: int, request: bytes) -> tuple[int, bytes]:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(request)
    reply = await reader.read()
    writer.close()
    if not reply:
        return 0, b""
    head, _, body = reply.partition(b"\r\n\r\n")
    return int(head.split(b" ")[1]), body


async def test_the_admin_port_tells_readiness_and_metrics() -> None:
    health, broker, metrics = Health(), FakeDependency(), Metrics("auth")
    broker.is_there = False
    health.add_check("broker", broker.check, severity=Severity.DEGRADES)
    server = AdminServer(admin_routes(health, metrics))
    port = await server.start("127.0.0.1", 0)
    try:
        assert (await answer(port, b"GET /livez HTTP/1.1\r\n\r\n"))[0] == 200
        assert (await answer(port, b"GET /readyz HTTP/1.1\r\n\r\n"))[0] == 503
        await health.step()
        status, body = await answer(port, b"GET /readyz?verbose HTTP/1.1\r\nHost: x\r\n\r\n")
        assert (status, orjson.loads(body)) == (
            200,
            {"status": "degraded", "is_draining": False, "checks": {"broker": "ConnectionError"}},
        )
        metrics.calls.observe("/a", "OK", 0.1)
        status, body = await answer(port, b"GET /metrics HTTP/1.1\r\n\r\n")
        assert status == 200
        assert b'voxreel_auth_calls_total{code="OK",method="/a"} 1.0' in body
    finally:
        await server.close()


@pytest.mark.parametrize(
    ("request_bytes", "status"),
    [
        (b"POST /livez HTTP/1.1\r\n\r\n", 405),
        (b"GET /secrets HTTP/1.1\r\n\r\n", 404),
        (b"nonsense\r\n\r\n", 400),
        (b"GET /livez HTTP/1.1\r\nX: " + b"a" * 20_000 + b"\r\n\r\n", 0),
    ],
)
async def test_the_admin_port_refuses_the_rest(request_bytes: bytes, status: int) -> None:
    server = AdminServer(admin_routes(Health(), Metrics("auth")))
    port = await server.start("127.0.0.1", 0)
    try:
        try:
            found, _ = await answer(port, request_bytes)
        except ConnectionResetError:
            found = 0
        assert found == status
    finally:
        await server.close()
