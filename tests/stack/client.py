"""A client of the REST contract, as a front end would write it."""

from __future__ import annotations

import itertools
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import aiohttp
from grpc import aio

from tests.polling import eventually
from tests.stack.harness import Stack
from voxreel.billing.v1 import ledger_service_pb2 as billing
from voxreel.billing.v1 import ledger_service_pb2_grpc

TTS_PRICE = 10
_numbers = itertools.count(1)
_PASSWORD = "correct-horse"
ENDED = frozenset({"completed", "failed"})


@dataclass(frozen=True, slots=True)
class Reply:
    status: int
    body: Any


class Client:
    """One user of a stack. A refused connection (a process is just being replaced) is tried again for a while."""

    def __init__(self, stack: Stack, session: aiohttp.ClientSession) -> None:
        self._stack = stack
        self._session = session
        self.token = ""
        self.user_id = 0

    @property
    def base_url(self) -> str:
        """Of the stack it talks to."""
        return self._stack.base_url

    async def call(self, method: str, path: str, **options: Any) -> Reply:
        """One request and its JSON."""
        headers = {"Authorization": f"Bearer {self.token}"} if self.token else {}
        headers |= options.pop("headers", {})
        async with self._session.request(method, self._stack.base_url + path, headers=headers, **options) as response:
            return Reply(response.status, await response.json())

    async def status(self, method: str, path: str) -> int:
        """The status of one request, whatever its body."""
        headers = {"Authorization": f"Bearer {self.token}"}
        async with self._session.request(method, self._stack.base_url + path, headers=headers) as response:
            return response.status

    async def download(self, file_id: str) -> bytes:
        """The content of a file."""
        url = f"{self._stack.base_url}/api/files/download/{file_id}"
        async with self._session.get(url) as response:
            assert response.status == 200, response
            return await response.read()

    async def patiently(self, method: str, path: str, *, within_s: float = 60, **options: Any) -> Reply:
        """Repeats until something other than "try again" is answered. Only for requests that may be repeated."""
        answers: list[Reply] = []

        async def is_answered() -> bool:
            try:
                reply = await self.call(method, path, **options)
            except aiohttp.ClientError:
                return False
            answers.append(reply)
            return reply.status not in (500, 503, 504)

        await eventually(is_answered, within_s=within_s)
        return answers[-1]

    async def register(self) -> None:
        """A fresh user, logged in."""
        account = f"user_{next(_numbers)}"
        body = {"account": account, "password": _PASSWORD, "confirm_password": _PASSWORD}
        reply = await self.call("POST", "/api/user/register", json=body)
        assert reply.status == 200, reply
        self.user_id = reply.body["id"]
        await self.login(account, _PASSWORD)

    async def login(self, account: str, password: str) -> None:
        reply = await self.call("POST", "/api/user/login", json={"account": account, "password": password})
        assert reply.status == 200, reply
        self.token = reply.body["access_token"]

    async def credits(self) -> int:
        """What the profile shows."""
        reply = await self.patiently("GET", "/api/user/profile")
        assert reply.status == 200, reply
        credits: int = reply.body["credits"]
        return credits

    async def balance(self) -> billing.GetBalanceResponse:
        """What billing itself says."""
        async with aio.insecure_channel(self._stack.grpc_address("billing")) as channel:
            stub = ledger_service_pb2_grpc.LedgerServiceStub(channel)
            return await stub.GetBalance(
                billing.GetBalanceRequest(), timeout=5, metadata=[("authorization", f"Bearer {self.token}")]
            )

    async def synthesize(self, text: str, *, key: str, voice: str = "zhichu") -> str:
        """The id of an accepted task. The key makes it safe to ask again."""
        reply = await self.patiently(
            "POST",
            "/api/tts/synthesize",
            json={"text": text, "voice": voice},
            headers={"Idempotency-Key": key},
        )
        assert reply.status == 200, reply
        task_id: str = reply.body["task_id"]
        return task_id

    async def text(self, path: str) -> str:
        """A file, as text."""
        headers = {"Authorization": f"Bearer {self.token}"}
        async with self._session.get(self._stack.base_url + path, headers=headers) as response:
            assert response.status == 200
            return await response.text()

    async def task(self, task_id: str) -> dict[str, Any]:
        reply = await self.patiently("GET", f"/api/task/{task_id}")
        assert reply.status == 200, reply
        task: dict[str, Any] = reply.body
        return task

    async def wait_ended(self, task_ids: list[str], *, within_s: float = 90) -> dict[str, str]:
        """The last status of each task."""
        last: dict[str, str] = {}

        async def have_ended() -> bool:
            for task_id in task_ids:
                if last.get(task_id) not in ENDED:
                    last[task_id] = (await self.task(task_id))["status"]
            return all(last[task_id] in ENDED for task_id in task_ids)

        await eventually(have_ended, within_s=within_s)
        return last

    async def wait_settled(self, *, available: int) -> None:
        """Billing has settled everything and the user has that much left."""

        async def is_settled() -> bool:
            balance = await self.balance()
            return balance.held_credits == 0

        await eventually(is_settled, within_s=180)
        assert (await self.balance()).available_credits == available
        assert await self.credits() == available


@asynccontextmanager
async def client_of(stack: Stack) -> AsyncIterator[Client]:
    """An anonymous client."""
    async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=120)) as session:
        yield Client(stack, session)


@asynccontextmanager
async def paying_client(stack: Stack, credits: int) -> AsyncIterator[Client]:
    """A fresh user with credits that the administrator gave."""
    async with client_of(stack) as admin, client_of(stack) as user:
        await admin.login("admin", stack.admin_password)
        await user.register()
        reply = await admin.call(
            "POST", f"/api/user/admin/users/{user.user_id}/credits/recharge", params={"amount": credits}
        )
        assert reply.status == 200, reply
        yield user
