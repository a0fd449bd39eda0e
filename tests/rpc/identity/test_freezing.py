"""Freezing reaches every edge at once: a real auth service, two edges, a real broker, and no broker."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path

import pytest
from aiohttp import ClientSession
from pydantic import SecretStr

from edge import app as edge_app
from edge.config import EdgeConfig
from kit.config import Peers
from kit.process import AppSpec, running
from services.auth import app as auth_app
from services.auth.config import AuthConfig, FirstAdmin
from tests.nats import NatsServer
from tests.polling import eventually

MIGRATIONS = Path(__file__).resolve().parents[3] / "services" / "auth" / "migrations"
SERVICE_TOKEN = SecretStr("a-service-token-of-tests")
PASSWORD = "password123"
# Answered by auth without a look at the user: only the edge itself can refuse it.
PROBE = "/api/activities/types"
# Nobody is there.
NOWHERE = "127.0.0.1:9"
# A third of the period in which an edge that hears the broker asks auth.
PUSHED_WITHIN_S = 10.0
POLLED_WITHIN_S = 60.0
FROZEN = (403, "账号已被冻结")
LOGGED_OUT = (401, "登录已过期，请重新登录")


@dataclass
class Edges:
    """Two edges before one auth service, and a user."""

    clients: list[ClientSession]
    user_id: int

    async def log_in(self, account: str) -> dict[str, str]:
        """Headers of a new session."""
        body = {"account": account, "password": PASSWORD}
        async with self.clients[0].post("/api/user/login", json=body) as response:
            return {"Authorization": f"Bearer {(await response.json())['access_token']}"}

    async def set_active(self, is_active: bool) -> None:
        """By the administrator's hand, at the first edge. The reply needs billing, which is away; the deed does not."""
        path, headers = f"/api/user/admin/users/{self.user_id}", await self.log_in("root")
        async with self.clients[0].put(path, json={"is_active": is_active}, headers=headers) as response:
            assert response.status == 503

    async def all_answer(self, headers: dict[str, str], answer: tuple[int, str]) -> bool:
        """Whether every edge answers the probe like this: status and detail, which is empty when there is none."""
        return all([await self._probe(client, headers) == answer for client in self.clients])

    async def _probe(self, client: ClientSession, headers: dict[str, str]) -> tuple[int, str]:
        async with client.get(PROBE, headers=headers) as response:
            return response.status, (await response.json()).get("detail", "")


async def _open_edge(stack: AsyncExitStack, folder: Path, peers: Peers, nats_url: str) -> ClientSession:
    """A client of an edge that hears the broker."""
    config = EdgeConfig(
        port=0,
        admin_port=0,
        data_dir=folder,
        service_token=SERVICE_TOKEN,
        nats_url=SecretStr(nats_url),
        peers=peers,
    )
    edge = await stack.enter_async_context(running(AppSpec("edge", config, edge_app.build, None)))

    async def is_following() -> bool:
        await edge.health.step()
        return not any(edge.health.results[name].problem for name in ("revocations", "keys"))

    await eventually(is_following)
    return await stack.enter_async_context(ClientSession(f"http://127.0.0.1:{edge.port}"))


@pytest.fixture
async def edges(nats: NatsServer, tmp_path: Path) -> AsyncIterator[Edges]:
    async with AsyncExitStack() as stack:
        auth = AuthConfig(
            port=0,
            admin_port=0,
            data_dir=tmp_path / "auth",
            service_token=SERVICE_TOKEN,
            nats_url=SecretStr(nats.url),
            first_admin=FirstAdmin(account="root", password=SecretStr(PASSWORD)),
        )
        auth_service = await stack.enter_async_context(running(AppSpec("auth", auth, auth_app.build, MIGRATIONS)))
        peers = Peers(
            auth=f"127.0.0.1:{auth_service.port}", billing=NOWHERE, files=NOWHERE, speech=NOWHERE, video=NOWHERE
        )
        clients = [await _open_edge(stack, tmp_path / f"edge{number}", peers, nats.url) for number in range(2)]
        body = {"account": "alice", "password": PASSWORD, "confirm_password": PASSWORD}
        async with clients[0].post("/api/user/register", json=body) as response:
            user_id = (await response.json())["id"]
        yield Edges(clients, user_id)


async def test_a_freeze_is_pushed_everywhere(edges: Edges) -> None:
    headers = await edges.log_in("alice")
    assert await edges.all_answer(headers, (200, ""))
    await edges.set_active(False)
    await eventually(lambda: edges.all_answer(headers, FROZEN), within_s=PUSHED_WITHIN_S)
    await edges.set_active(True)
    # The sessions of before stay ended, and are not called frozen any more.
    await eventually(lambda: edges.all_answer(headers, LOGGED_OUT), within_s=PUSHED_WITHIN_S)
    assert await edges.all_answer(await edges.log_in("alice"), (200, ""))


async def test_without_the_broker_auth_is_asked(edges: Edges, nats: NatsServer) -> None:
    headers = await edges.log_in("alice")
    await nats.kill()
    await edges.set_active(False)
    await eventually(lambda: edges.all_answer(headers, FROZEN), within_s=POLLED_WITHIN_S)
    await nats.start()
    await edges.set_active(True)
    await eventually(lambda: edges.all_answer(headers, LOGGED_OUT), within_s=POLLED_WITHIN_S)
    assert await edges.all_answer(await edges.log_in("alice"), (200, ""))
