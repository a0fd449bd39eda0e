"""One task followed at two edges at once, over the end of one of them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import aiohttp
import pytest
from pydantic import SecretStr

from cli.stack.broker import broker_url
from cli.stack.data_dir import DataDir
from edge.app import build
from edge.config import EdgeConfig
from kit.app import App
from kit.config import Peers
from tests.polling import eventually
from tests.sse import SentEvent, sent_events
from tests.stack.client import Client, paying_client
from tests.stack.harness import Stack, stack

pytestmark = [pytest.mark.stack, pytest.mark.model, pytest.mark.timeout(600)]

# Long enough to be cancelled while it is spoken.
_TEXT = "这是一段很长的文字，用来观察合成任务的进度。" * 200


@asynccontextmanager
async def second_edge(running: Stack) -> AsyncIterator[App[EdgeConfig]]:
    """Another replica of the edge, before the services of a stack."""
    data_dir = DataDir(running.data_dir)
    broker_port = int(running.state.components["nats"].address.rpartition(":")[2])
    config = EdgeConfig(
        port=0,
        admin_port=0,
        data_dir=running.data_dir,
        nats_url=SecretStr(broker_url(data_dir, broker_port)),
        service_token=SecretStr(data_dir.secret("service-token")),
        peers=Peers(**running.state.services),
    )
    async with App("edge", config) as app:
        await build(app)
        await app.start()
        await eventually(lambda: app.health.is_ready, within_s=60)
        yield app


@asynccontextmanager
async def following(
    session: aiohttp.ClientSession, base_url: str, task_id: str, user: Client, *, seen: str = ""
) -> AsyncIterator[AsyncIterator[SentEvent]]:
    headers = {"Authorization": f"Bearer {user.token}", "Last-Event-ID": seen}
    async with session.get(f"{base_url}/api/tasks/{task_id}/events", headers=headers) as response:
        assert response.status == 200, await response.text()
        yield sent_events(response)


async def _read_until_running(events: AsyncIterator[SentEvent]) -> list[SentEvent]:
    told: list[SentEvent] = []
    async for event in events:
        told.append(event)
        if event.data["status"] == "RUNNING":
            break
    return told


async def test_a_client_goes_on_at_another_edge_where_it_was(tmp_path: Path) -> None:
    async with (
        asyncio.timeout(150),
        stack(tmp_path / "data", "--single-process") as running,
        second_edge(running) as other,
        paying_client(running, 100) as user,
        aiohttp.ClientSession() as session,
    ):
        other_url = f"http://127.0.0.1:{other.port}"
        task_id = await user.synthesize(_TEXT, key="followed")
        async with following(session, running.base_url, task_id, user) as staying:
            told = await _read_until_running(staying)
            async with following(session, other_url, task_id, user) as moving:
                moved = await _read_until_running(moving)
                await other.drain(asyncio.get_running_loop().time() + 30)
                # The stream ends, the task does not.
                moved += [event async for event in moving]
            assert moved[-1].data["status"] == "RUNNING"
            async with following(session, running.base_url, task_id, user, seen=moved[-1].id) as resumed:
                reply = await user.call("PUT", f"/api/tasks/{task_id}", json={"status": "FAILED"})
                assert reply.status == 200, reply
                moved += [event async for event in resumed]
            told += [event async for event in staying]
    for events in (told, moved):
        ids = [event.id for event in events]
        assert len(set(ids)) == len(ids)
        assert (events[-1].name, events[-1].data["status"], events[-1].data["error_message"]) == (
            "state",
            "FAILED",
            "任务已取消",
        )
        assert [event.data["progress"] for event in events] == sorted(event.data["progress"] for event in events)
    assert told[-1].id == moved[-1].id
