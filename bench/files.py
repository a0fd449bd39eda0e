"""MB/s of uploads and downloads through the edge, beside plain aiohttp handlers, and the memory they take.

    python -m bench.files [--megabytes 300] [--rounds 5]

Voxreel is the real stack: the edge verifies the token, asks files for leave, looks at the form, hashes what passes,
writes it and has it committed. The peer (`bench/files_peer.py`) writes what it gets. Both run on uvloop and lie on the
same disk; sides take turns, the client is a blocking socket.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import secrets
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from http.client import HTTPConnection
from pathlib import Path

import psutil

from bench.stack import running_stack

_HEAD = b"\0\0\0\x18ftypisom\0\0\0\0isommp42"
_BOUNDARY = "bench-boundary"
_MIB = 1 << 20
_SAMPLE_S = 0.02


@dataclass(frozen=True, slots=True)
class Side:
    """Where one of the two takes and gives the file."""

    port: int
    upload_path: str
    headers: dict[str, str]
    pid: int


def form_of(megabytes: int) -> bytes:
    """A form with one film of random bytes."""
    head = (
        f'--{_BOUNDARY}\r\nContent-Disposition: form-data; name="file"; filename="film.mp4"\r\n'
        "Content-Type: video/mp4\r\n\r\n"
    )
    content = _HEAD + secrets.token_bytes(_MIB) * megabytes
    return head.encode() + content + f"\r\n--{_BOUNDARY}--\r\n".encode()


def upload(side: Side, form: bytes) -> tuple[float, dict[str, str]]:
    """MB/s, and the reply."""
    connection = HTTPConnection("127.0.0.1", side.port, timeout=120)
    headers = {"Content-Type": f"multipart/form-data; boundary={_BOUNDARY}", **side.headers}
    start = time.perf_counter()
    connection.request("POST", side.upload_path, body=form, headers=headers)
    response = connection.getresponse()
    reply = json.loads(response.read())
    took = time.perf_counter() - start
    assert response.status == 200, reply
    connection.close()
    return len(form) / took / 1e6, reply


def download(side: Side, path: str, size: int) -> float:
    """MB/s."""
    buffer = memoryview(bytearray(_MIB))
    with socket.create_connection(("127.0.0.1", side.port), timeout=120) as connection:
        start = time.perf_counter()
        connection.sendall(f"GET {path} HTTP/1.1\r\nHost: bench\r\nConnection: close\r\n\r\n".encode())
        received = 0
        while count := connection.recv_into(buffer):
            received += count
        took = time.perf_counter() - start
    assert received > size, "the file is incomplete"
    return received / took / 1e6


class Peak:
    """The most resident memory of a process while the context is open, above what it had before, in MiB."""

    def __init__(self, pid: int) -> None:
        self._process = psutil.Process(pid)
        self._is_over = threading.Event()
        self._idle = self._process.memory_info().rss
        self._peak = self._idle
        self._watch = threading.Thread(target=self._run)

    def __enter__(self) -> Peak:
        self._watch.start()
        return self

    def __exit__(self, *_error: object) -> None:
        self._is_over.set()
        self._watch.join()

    @property
    def above_idle(self) -> float:
        return (self._peak - self._idle) / _MIB

    def _run(self) -> None:
        while not self._is_over.wait(_SAMPLE_S):
            self._peak = max(self._peak, self._process.memory_info().rss)


@contextlib.contextmanager
def voxreel(folder: Path) -> Iterator[Side]:
    """The stack with a user who has logged in."""
    with running_stack(folder) as stack:
        account = {"account": "bench", "password": "bench-password", "confirm_password": "bench-password"}
        _post(stack.port, "/api/user/register", account)
        token = _post(stack.port, "/api/user/login", account)["access_token"]
        processes = psutil.Process(stack.pid).children(recursive=True)
        (edge,) = (process.pid for process in processes if process.cmdline()[-1] == "edge")
        path = "/api/files/upload?file_type=digital_humans"
        yield Side(stack.port, path, {"Authorization": f"Bearer {token}"}, edge)


@contextlib.contextmanager
def peer(folder: Path) -> Iterator[Side]:
    folder.mkdir()
    command = [sys.executable, "-m", "bench.files_peer", str(folder)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        yield Side(int(process.stdout.readline()), "/upload", {}, process.pid)
    finally:
        process.terminate()
        process.wait(10)


def _post(port: int, path: str, body: dict[str, str]) -> dict[str, str]:
    connection = HTTPConnection("127.0.0.1", port, timeout=30)
    connection.request("POST", path, body=json.dumps(body), headers={"Content-Type": "application/json"})
    response = connection.getresponse()
    reply: dict[str, str] = json.loads(response.read())
    assert response.status == 200, reply
    return reply


def measure(ours: Side, theirs: Side, megabytes: int, rounds: int) -> dict[str, list[float]]:
    """Figures of every round, by what they are."""
    found: dict[str, list[float]] = {}
    form = form_of(megabytes)
    for _ in range(rounds):
        for name, side in (("Voxreel", ours), ("aiohttp", theirs)):
            with Peak(side.pid) as up:
                speed, reply = upload(side, form)
            path = f"/api/files/download/{reply['file_id']}" if "file_id" in reply else "/static/upload.bin"
            with Peak(side.pid) as down:
                down_speed = download(side, path, megabytes * _MIB)
            for what, figure in (
                ("upload", speed),
                ("upload memory", up.above_idle),
                ("download", down_speed),
                ("download memory", down.above_idle),
            ):
                found.setdefault(f"{name} {what}", []).append(figure)
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--megabytes", type=int, default=300)
    parser.add_argument("--rounds", type=int, default=5)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, contextlib.ExitStack() as stack:
        ours = stack.enter_context(voxreel(Path(folder) / "data"))
        theirs = stack.enter_context(peer(Path(folder) / "peer"))
        found = measure(ours, theirs, arguments.megabytes, arguments.rounds)
    print(f"| {arguments.megabytes} MiB | upload MB/s | above idle, MiB | download MB/s | above idle, MiB |")
    print("| --- | ---: | ---: | ---: | ---: |")
    for name in ("Voxreel", "aiohttp"):
        cells = [
            f"{statistics.median(found[f'{name} upload']):.0f}",
            f"{max(found[f'{name} upload memory']):.0f}",
            f"{statistics.median(found[f'{name} download']):.0f}",
            f"{max(found[f'{name} download memory']):.0f}",
        ]
        print(f"| {name} | {' | '.join(cells)} |")
    for what in ("upload", "download"):
        pairs = list(zip(found[f"Voxreel {what}"], found[f"aiohttp {what}"], strict=True))
        print(
            f"{what}: {statistics.median(ours / theirs for ours, theirs in pairs):.2f} times aiohttp, median of pairs"
        )


if __name__ == "__main__":
    main()
