"""A steady load of mixed requests, and what became of each."""

from __future__ import annotations

import asyncio
import itertools
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import aiohttp

from tests.polling import eventually
from tests.stack.resilience.cluster import ADMIN_PASSWORD, Cluster
from tests.stack.resilience.sound import silence

TTS_PRICE = 10
RECHARGE = 100
_FIRST_CREDITS = 1_000_000
_TIMEOUT_S = 30.0
# A client that was told to come again does so after this long.
_AGAIN_S = 0.2
_NO_ANSWER = 0
_ACCOUNT, _PASSWORD = "somebody", "correct-horse"
_SOUND = silence(0.1)


@dataclass(frozen=True, slots=True)
class Attempt:
    """One request. `status` is 0 when the connection broke; `said` is the body of a refusal."""

    kind: str
    phase: str
    status: int
    seconds: float
    said: str

    @property
    def is_good(self) -> bool:
        return self.status == 200


class Load:
    """A few clients that never stop asking. What changes something is repeated under its key until it is answered."""

    def __init__(self, cluster: Cluster, session: aiohttp.ClientSession) -> None:
        self.phase = ""
        self.attempts: list[Attempt] = []
        self.tasks: list[str] = []
        self.recharges = 0
        self.files = 0
        self.user_id = 0
        self._cluster = cluster
        self._session = session
        self._tokens = {"user": "", "admin": ""}
        self._turns = itertools.count()
        self._stop = asyncio.Event()
        self._may_ask = asyncio.Event()
        self._may_ask.set()
        self._busy = 0

    async def log_in(self) -> None:
        """A user with credits, and the administrator."""
        body = {"account": _ACCOUNT, "password": _PASSWORD, "confirm_password": _PASSWORD}
        registered = await self.ask("register", "POST", "/api/user/register", who="", json=body)
        self.user_id = registered["id"]
        for who, account, password in (("user", _ACCOUNT, _PASSWORD), ("admin", "admin", ADMIN_PASSWORD)):
            login = {"account": account, "password": password}
            self._tokens[who] = (await self.ask("login", "POST", "/api/user/login", who="", json=login))["access_token"]
        await self._recharge(_FIRST_CREDITS)

    @property
    def spent(self) -> int:
        """Credits of all accepted tasks."""
        return TTS_PRICE * len(self.tasks)

    @property
    def credits(self) -> int:
        """What the user must have when every accepted task has succeeded."""
        return _FIRST_CREDITS + RECHARGE * self.recharges - self.spent

    def refused(self, phase: str) -> list[Attempt]:
        """Attempts of a phase that were not answered with 200."""
        return [each for each in self.attempts if each.phase == phase and not each.is_good]

    @asynccontextmanager
    async def at(self, phase: str) -> AsyncIterator[None]:
        """What is asked in the body belongs to this phase."""
        former, self.phase = self.phase, phase
        try:
            yield
        finally:
            self.phase = former

    async def are_answered(self, count: int, *, within_s: float = 300) -> None:
        """Returns after so many good answers in a row, from now on, whatever was asked."""
        start = len(self.attempts)
        await eventually(
            lambda: len(self.attempts) - start >= count and all(each.is_good for each in self.attempts[-count:]),
            within_s=within_s,
        )

    @asynccontextmanager
    async def paused(self) -> AsyncIterator[None]:
        """Nothing is under way in the body."""
        self._may_ask.clear()
        try:
            await eventually(lambda: self._busy == 0, within_s=300)
            yield
        finally:
            self._may_ask.set()

    def stop(self) -> None:
        self._stop.set()

    async def run(self) -> None:
        """Until told to stop. Raises when an answer is wrong."""
        async with asyncio.TaskGroup() as group:
            for work, period_s in (
                (self._profile, 0.05),
                (self._balance, 0.05),
                (self._list_tasks, 0.1),
                (self._file, 0.25),
                (self._pay, 0.25),
                (self._speak, 0.3),
            ):
                group.create_task(self._repeat(work, period_s))

    async def ask(self, kind: str, method: str, path: str, *, who: str = "user", **options: Any) -> Any:
        """Asks until it is answered; answers the JSON, or the bytes of a download."""
        while True:
            attempt, answer = await self._attempt(kind, method, path, who, options)
            self.attempts.append(attempt)
            if attempt.is_good:
                return answer
            assert attempt.status in (_NO_ANSWER, 500, 503, 504, 507), attempt
            await self._pause(_AGAIN_S)

    async def _attempt(
        self, kind: str, method: str, path: str, who: str, options: dict[str, Any]
    ) -> tuple[Attempt, Any]:
        edges = self._cluster.edge_urls()
        url = edges[next(self._turns) % len(edges)] + path
        phase, start = self.phase, time.perf_counter()
        headers = {"Authorization": f"Bearer {self._tokens[who]}"} if who else {}
        sent = {name: value() if name == "data" else value for name, value in options.items() if name != "key"}
        if "key" in options:
            headers["Idempotency-Key"] = options["key"]
        try:
            async with self._session.request(method, url, headers=headers, **sent) as reply:
                is_json = reply.content_type == "application/json"
                answer = await reply.json() if is_json else await reply.read()
                status, said = reply.status, "" if reply.status == 200 else str(answer)
        except (aiohttp.ClientError, TimeoutError) as error:
            answer, status, said = None, _NO_ANSWER, f"{type(error).__name__} {error}"
        return Attempt(kind, phase, status, time.perf_counter() - start, said), answer

    async def _repeat(self, work: Callable[[], Awaitable[None]], period_s: float) -> None:
        while not self._stop.is_set():
            await self._may_ask.wait()
            self._busy += 1
            try:
                await work()
            finally:
                self._busy -= 1
            await self._pause(period_s)

    async def _pause(self, seconds: float) -> None:
        try:
            async with asyncio.timeout(seconds):
                await self._stop.wait()
        except TimeoutError:
            return

    async def _profile(self) -> None:
        assert (await self.ask("profile", "GET", "/api/user/profile"))["account"] == _ACCOUNT

    async def _balance(self) -> None:
        assert (await self.ask("balance", "GET", "/api/credits/balance"))["code"] == 200

    async def _list_tasks(self) -> None:
        assert len((await self.ask("tasks", "GET", "/api/tasks/", params={"page_size": 5}))["tasks"]) <= 5

    async def _file(self) -> None:
        def form() -> aiohttp.FormData:
            data = aiohttp.FormData()
            data.add_field("file", _SOUND, filename="a.wav", content_type="audio/wav")
            return data

        uploaded = await self.ask("upload", "POST", "/api/files/upload", params={"file_type": "bgm"}, data=form)
        got = await self.ask("download", "GET", f"/api/files/download/{uploaded['file_id']}", who="")
        assert got == _SOUND, "a file is not what was uploaded"
        self.files += 1

    async def _pay(self) -> None:
        await self._recharge(RECHARGE)
        self.recharges += 1

    async def _recharge(self, amount: int) -> None:
        path = f"/api/user/admin/users/{self.user_id}/credits/recharge"
        key = f"recharge-{amount}-{self.recharges}"
        await self.ask("recharge", "POST", path, who="admin", params={"amount": amount}, key=key)

    async def _speak(self) -> None:
        number = len(self.tasks)
        body = {"text": f"这是第{number}句话。", "voice": "zhichu"}
        accepted = await self.ask("synthesize", "POST", "/api/tts/synthesize", json=body, key=f"speech-{number}")
        self.tasks.append(accepted["task_id"])

    async def wait_ended(self) -> None:
        """Every accepted task has succeeded."""
        for task_id in self.tasks:

            async def has_succeeded(task_id: str = task_id) -> bool:
                task = await self.ask("task", "GET", f"/api/task/{task_id}", who="")
                assert task["status"] != "failed", task
                return bool(task["status"] == "completed")

            await eventually(has_succeeded, within_s=120)


@asynccontextmanager
async def load(cluster: Cluster) -> AsyncIterator[Load]:
    """Logged in and running; whatever is wrong with an answer fails the body."""
    async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=_TIMEOUT_S)) as session:
        made = Load(cluster, session)
        await made.log_in()
        async with asyncio.TaskGroup() as group:
            group.create_task(made.run())
            yield made
            made.stop()


def summary(load: Load, phase: str) -> str:
    """How long what was asked in a phase took, in a line for people."""
    seconds = sorted(each.seconds for each in load.attempts if each.phase == phase)
    if not seconds:
        return f"{phase}: nothing was asked"
    p50, p99 = (seconds[min(len(seconds) - 1, int(len(seconds) * share))] * 1000 for share in (0.5, 0.99))
    refused = len(load.refused(phase))
    return f"{phase}: {len(seconds)} requests, {refused} refused, p50 {p50:.0f} ms, p99 {p99:.0f} ms"
