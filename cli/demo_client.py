"""The few calls of the public REST API that the demo makes."""

from __future__ import annotations

import asyncio
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import aiohttp

_CALL_LIMIT_S = 30.0
_DOWNLOAD_LIMIT_S = 120.0
_BLOCK_BYTES = 256 * 1024


class DemoError(Exception):
    """A step did not work; the text says which and why."""


class DemoClient:
    """A client of one stack. Tokens are passed with each call. Every method raises DemoError."""

    def __init__(self, url: str) -> None:
        self._url = url.rstrip("/")
        self._session: aiohttp.ClientSession | None = None

    async def __aenter__(self) -> Self:
        # trust_env off: a stack on this machine is not reached through a proxy.
        self._session = aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=_CALL_LIMIT_S), trust_env=False)
        return self

    async def __aexit__(
        self, _kind: type[BaseException] | None, _error: BaseException | None, _traceback: TracebackType | None
    ) -> None:
        if self._session is not None:
            await self._session.close()

    async def register(self, account: str, password: str) -> int:
        """Makes a user; answers the id."""
        body = {"account": account, "password": password, "confirm_password": password}
        reply = await self._call("POST", "/api/user/register", json=body)
        return int(reply["id"])

    async def log_in(self, account: str, password: str) -> str:
        """Answers an access token."""
        reply = await self._call("POST", "/api/user/login", json={"account": account, "password": password})
        return str(reply["access_token"])

    async def recharge(self, admin_token: str, user_id: int, amount: int) -> None:
        """Grants credits."""
        path = f"/api/user/admin/users/{user_id}/credits/recharge"
        await self._call("POST", path, token=admin_token, params={"amount": str(amount), "description": "demo"})

    async def credits(self, token: str) -> int:
        """What the user can spend."""
        reply = await self._call("GET", "/api/user/profile", token=token)
        return int(reply["credits"])

    async def synthesize(self, token: str, text: str, *, voice: str) -> str:
        """Starts a synthesis as WAV; answers the task's id."""
        body = {"text": text, "voice": voice, "format": "wav"}
        reply = await self._call("POST", "/api/tts/synthesize", token=token, json=body)
        return str(reply["task_id"])

    async def result(self, task_id: str) -> str | None:
        """The id of the finished file; None while the task runs."""
        reply = await self._call("GET", f"/api/task/{task_id}")
        if reply["status"] == "completed":
            return str(reply["result"]["file_id"])
        if reply["status"] == "failed":
            reason = reply.get("error") or reply.get("message") or "no reason was given"
            raise DemoError(f"the synthesis failed: {reason}")
        return None

    async def download(self, file_id: str, target: Path) -> int:
        """Writes a file; answers its size in bytes."""
        timeout = aiohttp.ClientTimeout(total=_DOWNLOAD_LIMIT_S)
        path = f"/api/files/download/{file_id}"
        size = 0
        try:
            async with self._open().get(self._url + path, timeout=timeout) as reply:
                await _refuse_failure("GET", path, reply)
                with target.open("wb") as file:
                    async for block in reply.content.iter_chunked(_BLOCK_BYTES):
                        size += await asyncio.to_thread(file.write, block)
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            raise DemoError(f"the download failed ({type(error).__name__})") from None
        return size

    async def _call(self, method: str, path: str, *, token: str = "", **options: Any) -> dict[str, Any]:
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        try:
            async with self._open().request(method, self._url + path, headers=headers, **options) as reply:
                await _refuse_failure(method, path, reply)
                body: dict[str, Any] = await reply.json()
        except aiohttp.ClientConnectionError:
            raise DemoError(f"nothing answers at {self._url}; start it with `voxreel up`") from None
        except (aiohttp.ClientError, TimeoutError, ValueError) as error:
            raise DemoError(f"{method} {path} failed ({type(error).__name__})") from None
        return body

    def _open(self) -> aiohttp.ClientSession:
        if self._session is None:
            raise DemoError("the client is used outside of its context")
        return self._session


async def _refuse_failure(method: str, path: str, reply: aiohttp.ClientResponse) -> None:
    if reply.status == 200:
        return
    text = (await reply.text())[:300]
    raise DemoError(f"{method} {path} answered {reply.status}: {text}")
