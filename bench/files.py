"""MB/s of uploads and downloads through the edge, beside nginx and plain aiohttp handlers, and the memory they take.

    python -m bench.files [--megabytes 200] [--rounds 5] [--nginx nginx]

Voxreel is the real stack: the edge verifies the token, asks files for leave, looks at the form, hashes what passes,
writes it and has it committed. nginx takes a bare PUT and sends with sendfile; aiohttp (`bench/files_peer.py`) writes
the form it gets, on uvloop, too. All lie on the same disk; sides take turns, the client is a blocking socket.
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
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from http.client import HTTPConnection
from pathlib import Path

import psutil

from bench.files_nginx import running_nginx
from bench.stack import running_stack
from cli.stack.data_dir import DataDir
from cli.stack.state import read_state

_HEAD = b"\0\0\0\x18ftypisom\0\0\0\0isommp42"
_BOUNDARY = "bench-boundary"
_MIB = 1 << 20
_SAMPLE_S = 0.02
# nginx has made the file, or put it in the place of another.
_TAKEN = (200, 201, 204)


@dataclass(frozen=True, slots=True)
class Side:
    """Where one of them takes and gives the film: as a form by POST, or as it is by PUT."""

    name: str
    port: int
    pids: Sequence[int]
    upload_path: str
    download_path: str
    """Empty when the reply to the upload names the file."""
    takes_forms: bool
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(slots=True)
class Figures:
    """Rates in MB/s, and the most memory above idle in MiB, of every round."""

    uploads: list[float] = field(default_factory=list)
    upload_memory: list[float] = field(default_factory=list)
    downloads: list[float] = field(default_factory=list)
    download_memory: list[float] = field(default_factory=list)

    def row(self, name: str) -> str:
        """A row of the table."""
        up, down = statistics.median(self.uploads), statistics.median(self.downloads)
        return f"| {name} | {up:,.0f} | {max(self.upload_memory):.0f} | {down:,.0f} | {max(self.download_memory):.0f} |"


def film_of(megabytes: int) -> bytes:
    """Random bytes that begin as a film does."""
    return (_HEAD + secrets.token_bytes(_MIB) * megabytes)[: megabytes * 1_000_000]


def form_of(film: bytes) -> bytes:
    """A form with the film."""
    head = (
        f'--{_BOUNDARY}\r\nContent-Disposition: form-data; name="file"; filename="film.mp4"\r\n'
        "Content-Type: video/mp4\r\n\r\n"
    )
    return head.encode() + film + f"\r\n--{_BOUNDARY}--\r\n".encode()


def upload(side: Side, film: bytes) -> tuple[float, str]:
    """MB/s, and where the film is now."""
    body, method, headers = film, "PUT", {**side.headers}
    if side.takes_forms:
        body, method = form_of(film), "POST"
        headers["Content-Type"] = f"multipart/form-data; boundary={_BOUNDARY}"
    connection = HTTPConnection("127.0.0.1", side.port, timeout=120)
    start = time.perf_counter()
    connection.request(method, side.upload_path, body=body, headers=headers)
    response = connection.getresponse()
    reply = response.read()
    took = time.perf_counter() - start
    connection.close()
    assert response.status in _TAKEN, reply
    path = side.download_path or f"/api/files/download/{json.loads(reply)['file_id']}"
    return len(film) / took / 1e6, path


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
    assert received > size, "the film is incomplete"
    return size / took / 1e6


class Peak:
    """The most resident memory of any of the processes while the context is open, above what it had before, in MiB."""

    def __init__(self, pids: Iterable[int]) -> None:
        self._idle = {process: process.memory_info().rss for process in map(psutil.Process, pids)}
        self._above = 0
        self._is_over = threading.Event()
        self._watch = threading.Thread(target=self._run)

    def __enter__(self) -> Peak:
        self._watch.start()
        return self

    def __exit__(self, *_error: object) -> None:
        self._is_over.set()
        self._watch.join()

    @property
    def above_idle(self) -> float:
        return self._above / _MIB

    def _run(self) -> None:
        while not self._is_over.wait(_SAMPLE_S):
            for process, idle in self._idle.items():
                self._above = max(self._above, process.memory_info().rss - idle)


@contextlib.contextmanager
def voxreel(folder: Path) -> Iterator[Side]:
    """The stack with a user who has logged in. Its edge and its files service are watched."""
    with running_stack(folder) as stack:
        account = {"account": "bench", "password": "bench-password", "confirm_password": "bench-password"}
        _post(stack.port, "/api/user/register", account)
        token = _post(stack.port, "/api/user/login", account)["access_token"]
        state = read_state(DataDir(stack.data_dir).state_file)
        assert state is not None
        pids = [state.components[name].pid for name in ("edge", "files")]
        path = "/api/files/upload?file_type=digital_humans"
        headers = {"Authorization": f"Bearer {token}"}
        yield Side("Voxreel", stack.port, pids, path, "", takes_forms=True, headers=headers)


@contextlib.contextmanager
def nginx(program: str, folder: Path) -> Iterator[Side]:
    with running_nginx(program, folder) as (port, pid):
        yield Side("nginx", port, [pid], "/film.mp4", "/film.mp4", takes_forms=False)


@contextlib.contextmanager
def aiohttp(folder: Path) -> Iterator[Side]:
    folder.mkdir()
    command = [sys.executable, "-m", "bench.files_peer", str(folder)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        port = int(process.stdout.readline())
        yield Side("aiohttp", port, [process.pid], "/upload", "/static/upload.bin", takes_forms=True)
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


def measure(sides: Sequence[Side], megabytes: int, rounds: int) -> dict[str, Figures]:
    """Figures of every round, by side."""
    found = {side.name: Figures() for side in sides}
    film = film_of(megabytes)
    for _ in range(rounds):
        for side in sides:
            figures = found[side.name]
            with Peak(side.pids) as peak:
                speed, path = upload(side, film)
            figures.uploads.append(speed)
            figures.upload_memory.append(peak.above_idle)
            with Peak(side.pids) as peak:
                figures.downloads.append(download(side, path, len(film)))
            figures.download_memory.append(peak.above_idle)
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--megabytes", type=int, default=200)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--nginx", default="nginx", help="The program, of Debian's package of that name.")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as name, contextlib.ExitStack() as stack:
        folder = Path(name)
        sides = [
            stack.enter_context(side)
            for side in (voxreel(folder / "data"), nginx(arguments.nginx, folder / "nginx"), aiohttp(folder / "peer"))
        ]
        found = measure(sides, arguments.megabytes, arguments.rounds)
    print(f"| {arguments.megabytes} MB | upload MB/s | above idle, MiB | download MB/s | above idle, MiB |")
    print("| --- | ---: | ---: | ---: | ---: |")
    for name, figures in found.items():
        print(figures.row(name))
    ours = found.pop("Voxreel")
    for name, theirs in found.items():
        up, down = _ratio(ours.uploads, theirs.uploads), _ratio(ours.downloads, theirs.downloads)
        print(f"beside {name}, median of pairs: uploads {up:.2f}, downloads {down:.2f}")


def _ratio(ours: Sequence[float], theirs: Sequence[float]) -> float:
    return statistics.median(mine / other for mine, other in zip(ours, theirs, strict=True))


if __name__ == "__main__":
    main()
