from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import grpc
import pytest
from grpc import aio
from grpc_health.v1 import health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha import reflection_pb2, reflection_pb2_grpc
from pydantic import SecretStr

from kit.app import App, Build, Role
from kit.loops import Phase
from kit.process import AppSpec, running
from tests.polling import eventually
from tests.unit.kit.runtime.sample_app import MIGRATIONS, SampleConfig, build

SERVING = health_pb2.HealthCheckResponse.SERVING
NOT_SERVING = health_pb2.HealthCheckResponse.NOT_SERVING


def config(folder: Path, **others: object) -> SampleConfig:
    values = {"port": 0, "admin_port": 0, "grace_s": 2.0, "service_token": SecretStr("0123456789abcdef")}
    return SampleConfig.model_validate({"data_dir": folder, **values, **others})


@asynccontextmanager
async def started(
    settings: SampleConfig, build_app: Build[SampleConfig], role: Role = Role.SERVE
) -> AsyncIterator[App[SampleConfig]]:
    async with running(AppSpec("sample", settings, build_app, MIGRATIONS, role)) as app:
        yield app


def deadline(seconds: float) -> float:
    return asyncio.get_running_loop().time() + seconds


async def health_of(app: App[SampleConfig], service: str = "") -> int:
    async with aio.insecure_channel(f"127.0.0.1:{app.port}") as channel:
        stub = health_pb2_grpc.HealthStub(channel)
        reply = await stub.Check(health_pb2.HealthCheckRequest(service=service), timeout=5)
    return int(reply.status)


async def test_serves_once_migrated_and_checked_and_not_while_draining(tmp_path: Path) -> None:
    async with started(config(tmp_path), build) as app:
        await eventually(lambda: app.health.is_ready)
        assert set(app.health.results) == {"database", "migrations", "loop idle"}
        assert await health_of(app) == SERVING
        assert await health_of(app, "voxreel.common.v1.BatchService") == SERVING
        await app.health.drain()
        assert await health_of(app) == NOT_SERVING
        await app.drain(deadline(2))


async def test_starts_as_not_serving(tmp_path: Path) -> None:
    async def build_with_failing_check(app: App[SampleConfig]) -> None:
        async def fail() -> None:
            raise ConnectionError

        await build(app)
        app.add_check("peer", fail)

    async with started(config(tmp_path), build_with_failing_check) as app:
        assert await health_of(app) == NOT_SERVING
        await eventually(lambda: "peer" in app.health.results)
        assert await health_of(app) == NOT_SERVING


async def test_a_schema_that_nobody_brought_to_head_is_not_served(tmp_path: Path) -> None:
    async with started(config(tmp_path, auto_migrate=False), build) as app:
        await eventually(lambda: "migrations" in app.health.results)
        assert app.health.results["migrations"].problem == "NotAtHeadError"
        assert not app.health.is_ready


async def test_reflection_only_where_configured(tmp_path: Path) -> None:
    async def services(app: App[SampleConfig]) -> list[str]:
        async with aio.insecure_channel(f"127.0.0.1:{app.port}") as channel:
            stub = reflection_pb2_grpc.ServerReflectionStub(channel)
            request = reflection_pb2.ServerReflectionRequest(list_services="")
            async for reply in stub.ServerReflectionInfo(iter([request]), timeout=5):
                return [each.name for each in reply.list_services_response.service]
        return []

    async with started(config(tmp_path / "a", is_reflection_on=True), build) as app:
        assert {"voxreel.common.v1.BatchService", "grpc.health.v1.Health"} <= set(await services(app))
    async with started(config(tmp_path / "b"), build) as app:
        with pytest.raises(aio.AioRpcError) as refusal:
            await services(app)
        assert refusal.value.code() is grpc.StatusCode.UNIMPLEMENTED


async def test_drains_in_order(tmp_path: Path) -> None:
    story: list[str] = []

    class FakeResource:
        async def close(self) -> None:
            story.append("resource closed")

    class FakeListener:
        async def start(self, address: str) -> int:
            story.append(f"listening on {address}")
            return 1

        async def stop(self, grace_s: float) -> None:
            story.append("listener stopped")

    async def open_resource() -> FakeResource:
        return FakeResource()

    async def flush() -> None:
        story.append("flushed")

    def noting(name: str) -> Phase:
        async def run(stop: asyncio.Event) -> None:
            await stop.wait()
            story.append(f"{name} stopped")

        phase = Phase.WORK if name == "worker" else Phase.SUPPORT
        apps[0].background(name, run, phase=phase)
        return phase

    apps: list[App[SampleConfig]] = []

    async def build_story(app: App[SampleConfig]) -> None:
        apps.append(app)
        await app.open(open_resource())
        app.listen(FakeListener())
        noting("relay")
        noting("worker")
        app.add_flush("outbox", flush)

    async with started(config(tmp_path), build_story) as app:
        await eventually(lambda: app.health.is_ready)
        await app.drain(deadline(2))
    assert story[0] == "listening on 127.0.0.1:0"
    assert sorted(story[1:3]) == ["listener stopped", "worker stopped"]
    assert story[3:] == ["flushed", "relay stopped", "resource closed"]


async def test_what_does_not_end_in_time_is_cancelled(tmp_path: Path) -> None:
    was_cancelled = asyncio.Event()

    async def stubborn(_stop: asyncio.Event) -> None:
        try:
            await asyncio.Event().wait()
        finally:
            was_cancelled.set()

    async def failing_flush() -> None:
        raise ConnectionError

    async def build_stubborn(app: App[SampleConfig]) -> None:
        app.background("stubborn", stubborn)
        app.add_flush("outbox", failing_flush)

    async with started(config(tmp_path), build_stubborn) as app:
        await eventually(lambda: app.health.is_ready)
        began = asyncio.get_running_loop().time()
        await app.drain(deadline(0.3))
        assert asyncio.get_running_loop().time() - began < 30
        assert was_cancelled.is_set()


async def test_what_a_failing_build_opened_is_closed(tmp_path: Path) -> None:
    closed: list[str] = []

    class FakeResource:
        async def close(self) -> None:
            closed.append("resource")

    async def open_resource() -> FakeResource:
        return FakeResource()

    async def failing(app: App[SampleConfig]) -> None:
        await app.open(open_resource())
        raise RuntimeError("half-way")

    with pytest.raises(RuntimeError, match="half-way"):
        async with started(config(tmp_path), failing):
            pass
    assert closed == ["resource"]


async def test_a_worker_process_works_and_listens_to_nobody(tmp_path: Path) -> None:
    settings = config(tmp_path, is_worker_on=False)
    async with started(settings, build, Role.WORKER) as app:
        assert (app.runs_workers, app.port) == (True, 0)
        await eventually(lambda: app.health.is_ready)
    async with started(settings, build) as app:
        assert not app.runs_workers
        assert app.port > 0
