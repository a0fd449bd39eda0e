"""The two servers that answer the same requests from the same rows, and what is asked of them."""

from __future__ import annotations

import asyncio
import contextlib
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import aiohttp
import jwt
import orjson
import psutil

from bench.listening import wait_for_listener
from bench.request.load import Load, request_bytes, run_load
from bench.stack import Stack

SECRET = "bench-secret-of-the-peer-process-only"
ADMIN = {"account": "bench-admin", "password": "bench-password"}
USER = {"account": "bench-user", "password": "bench-password"}
USER_ID = 2
RECHARGE = f"/api/user/admin/users/{USER_ID}/credits/recharge"
SETTINGS = {
    "VOXREEL_ADMIN_ACCOUNT": ADMIN["account"],
    "VOXREEL_ADMIN_PASSWORD": ADMIN["password"],
    # One administrator asks as often as the machine can answer.
    "VOXREEL_EDGE_RATES__READS_PER_S": "1000000",
    "VOXREEL_EDGE_RATES__WRITES_PER_S": "1000000",
    "VOXREEL_EDGE_RATES__CREDENTIALS_PER_S": "1000000",
}


@dataclass(frozen=True, slots=True)
class Request:
    """What is asked again and again, by how many at once."""

    method: str
    path: str
    body: bytes = b""
    connections: int = 64


READS = {
    "profile": Request("GET", "/api/user/profile"),
    "task": Request("GET", "/api/task/{task_id}"),
    "voices": Request("GET", "/api/tts/voices?type=preset"),
    "prices": Request("GET", "/api/user/credits/features"),
    "balance": Request("GET", "/api/credits/balance"),
}
LOGIN = Request("POST", "/api/user/login", orjson.dumps(USER), connections=16)
CHANGES = {
    "recharge": Request("POST", f"{RECHARGE}?amount=1&description=bench"),
    "deduct": Request(
        "PUT", f"/api/user/admin/users/{USER_ID}/credits", b'{"credits": 1, "operation": "subtract", "reason": "bench"}'
    ),
}


@dataclass(frozen=True, slots=True)
class Subject:
    """One server under load."""

    name: str
    port: int
    token: str
    pid: int
    # A task that has ended.
    task_id: str


def cpu_seconds(pid: int) -> float:
    """User and system time of a process and everything below it."""
    root = psutil.Process(pid)
    times = [process.cpu_times() for process in (root, *root.children(recursive=True))]
    return sum(time.user + time.system for time in times)


@contextlib.contextmanager
def fastapi_peer(folder: Path) -> Iterator[Subject]:
    """The monolith under uvicorn."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = int(free.getsockname()[1])
    environment = {
        **os.environ,
        "PEER_DATABASE": str(folder / "peer.db"),
        "PEER_SECRET": SECRET,
        "PEER_PASSWORD": USER["password"],
    }
    command = [sys.executable, "-m", "uvicorn", "bench.request.peer_fastapi:app", "--port", str(port)]
    command += ["--loop", "uvloop", "--http", "httptools"]
    # Both keep an access log, in a file: that is how either would be run.
    with (folder / "peer.log").open("wb") as log:
        process = subprocess.Popen(command, env=environment, stdout=log, stderr=log)
    try:
        wait_for_listener(port)
        token = jwt.encode({"sub": "1", "exp": time.time() + 3600}, SECRET, algorithm="HS256")
        yield Subject("FastAPI + SQLModel, one process", port, token, process.pid, "tts_1")
    finally:
        process.terminate()
        process.wait(10)


async def voxreel_subject(stack: Stack) -> Subject:
    """The stack, with a fresh user who has credits, and its administrator's token."""
    async with aiohttp.ClientSession(stack.url, raise_for_status=True) as session:
        await session.post("/api/user/register", json={**USER, "confirm_password": USER["password"]})
        async with session.post("/api/user/login", json=ADMIN) as response:
            token = str((await response.json())["access_token"])
        bearer = {"Authorization": f"Bearer {token}"}
        async with session.post(RECHARGE, params={"amount": 2**40}, headers=bearer) as response:
            assert (await response.json())["user_account"] == USER["account"]
        task_id = await _spoken(session, token)
    return Subject("Voxreel, edge and services", stack.port, token, stack.pid, task_id)


async def _spoken(session: aiohttp.ClientSession, admin_token: str) -> str:
    """A finished task of the administrator, who pays for it."""
    bearer = {"Authorization": f"Bearer {admin_token}"}
    await session.post("/api/user/admin/users/1/credits/recharge", params={"amount": 10}, headers=bearer)
    body = {"text": "一句话。", "voice": "zhichu"}
    async with session.post("/api/tts/synthesize", json=body, headers=bearer) as response:
        task_id = str((await response.json())["task_id"])
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        async with session.get(f"/api/task/{task_id}") as response:
            if (await response.json())["status"] == "completed":
                return task_id
        await asyncio.sleep(0.2)
    raise TimeoutError("the task did not end")


async def measure(request: Request, subject: Subject, seconds: float) -> tuple[Load, float]:
    """One run: what the load saw and the CPU microseconds a request cost the server."""
    connections = request.connections
    path = request.path.format(task_id=subject.task_id)
    sent = request_bytes(request.method, path, port=subject.port, token=subject.token, body=request.body)
    await run_load(sent, port=subject.port, connections=connections, seconds=1)
    before = cpu_seconds(subject.pid)
    load = await run_load(sent, port=subject.port, connections=connections, seconds=seconds)
    return load, (cpu_seconds(subject.pid) - before) / load.requests * 1e6
