"""Memory and processor time of each process of a stack, idle and under a mixed load. See `docs/operations.md`.

    python -m bench.footprint [--seconds 60]

Resident memory, since containers of different images share no pages; `engines` are the child processes in which a
service keeps its models. The load: reads of a profile on 32 connections, logins on 2, uploads of 20 MB on 2, and
four syntheses at a time.
"""

from __future__ import annotations

import argparse
import asyncio
import tempfile
import time
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path

import aiohttp
import psutil

from bench.stack import running_stack
from cli.stack.data_dir import DataDir
from cli.stack.state import read_state

_PERIOD_S = 0.5
_IDLE_S = 10.0
_UPLOAD_BYTES = 20 << 20
_SPEECH_PAUSE_S = 5.0
_CREDITS = "100000"
# Says nothing about lengths, which nobody reads before the end.
_WAV_HEAD = b"RIFF\xff\xff\xff\xffWAVEfmt \x10\0\0\0\x01\0\x01\0\x80\x3e\0\0\0\x7d\0\0\x02\0\x10\0data\xff\xff\xff\xff"
_ACCOUNT, _PASSWORD = "footprint", "footprint-of-a-process"
_ADMIN = {"VOXREEL_ADMIN_ACCOUNT": _ACCOUNT, "VOXREEL_ADMIN_PASSWORD": _PASSWORD}
_TEXT = "今天天气很好，我们一起去公园散步，看看湖边的花，听听鸟的歌声，然后回家喝一杯热茶。" * 4


@dataclass(slots=True)
class Footprint:
    """Peaks of memory in MB and processor time in seconds of one process and of its children."""

    own_mb: float = 0.0
    engines_mb: float = 0.0
    _cpu: dict[int, tuple[float, float]] = field(default_factory=dict)

    @property
    def cpu_s(self) -> float:
        return sum(last - first for first, last in self._cpu.values())

    def look(self, process: psutil.Process) -> None:
        """Notes what they use now."""
        self.own_mb = max(self.own_mb, self._look_at(process))
        self.engines_mb = max(self.engines_mb, sum(map(self._look_at, process.children(recursive=True))))

    def _look_at(self, process: psutil.Process) -> float:
        try:
            times, memory = process.cpu_times(), process.memory_info()
        except psutil.NoSuchProcess:
            return 0.0
        used_s = times.user + times.system
        self._cpu[process.pid] = (self._cpu.get(process.pid, (used_s, used_s))[0], used_s)
        return float(memory.rss) / 1e6


async def watch(processes: dict[str, psutil.Process], seconds: float) -> dict[str, Footprint]:
    """The footprints of a period."""
    footprints = {name: Footprint() for name in processes}
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        for name, process in processes.items():
            footprints[name].look(process)
        await asyncio.sleep(_PERIOD_S)
    return footprints


class Load:
    """Requests of one user, again and again."""

    def __init__(self, session: aiohttp.ClientSession) -> None:
        self._session = session
        self.answers: Counter[str] = Counter()

    async def prepare(self) -> None:
        """Logs the first administrator in, for good, and gives them credits."""
        reply = await self.log_in()
        self._session.headers["Authorization"] = f"Bearer {reply['access_token']}"
        user = await self._ask("GET", "/api/user/profile")
        path = f"/api/user/admin/users/{user['id']}/credits/recharge"
        await self._ask("POST", path, params={"amount": _CREDITS, "description": "footprint"})

    async def read(self) -> None:
        await self._ask("GET", "/api/user/profile")

    async def log_in(self) -> dict[str, str]:
        return await self._ask("POST", "/api/user/login", json={"account": _ACCOUNT, "password": _PASSWORD})

    async def upload(self) -> None:
        form = aiohttp.FormData()
        form.add_field("file", _WAV_HEAD + bytes(_UPLOAD_BYTES), filename="silence.wav")
        await self._ask("POST", "/api/files/upload", params={"storage_type": "temp"}, data=form)

    async def speak(self) -> None:
        await self._ask("POST", "/api/tts/synthesize", json={"text": _TEXT, "voice": "zhixia", "format": "wav"})
        await asyncio.sleep(_SPEECH_PAUSE_S)

    async def _ask(self, method: str, path: str, **options: object) -> dict[str, str]:
        async with self._session.request(method, path, **options) as reply:
            self.answers[f"{method} {path} {reply.status}"] += 1
            body: dict[str, str] = await reply.json()
            return body


async def forever(request: Callable[[], Awaitable[object]]) -> None:
    while True:
        await request()


async def measure(url: str, processes: dict[str, psutil.Process], seconds: float) -> None:
    """Prints the table."""
    idle = await watch(processes, _IDLE_S)
    async with aiohttp.ClientSession(url) as session:
        load = Load(session)
        await load.prepare()
        kinds = (load.read,) * 32 + (load.log_in,) * 2 + (load.upload,) * 2 + (load.speak,) * 4
        running = [asyncio.create_task(forever(kind)) for kind in kinds]
        busy = await watch(processes, seconds)
        failed = [task for task in running if task.done()]
        for task in running:
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)
    print("| process | idle MB | busy MB | engines idle MB | engines busy MB | idle CPU m | busy CPU m |")
    print("| --- | ---: | ---: | ---: | ---: | ---: | ---: |")
    for name in processes:
        before, after = idle[name], busy[name]
        cpu = f"{before.cpu_s / _IDLE_S * 1000:.0f} | {after.cpu_s / seconds * 1000:.0f}"
        memory = f"{before.own_mb:.0f} | {after.own_mb:.0f} | {before.engines_mb:.0f} | {after.engines_mb:.0f}"
        print(f"| {name} | {memory} | {cpu} |")
    print(f"failed loops: {len(failed)}", *sorted(load.answers.items()), sep="\n")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=60.0)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, running_stack(Path(folder), environment=_ADMIN) as stack:
        state = read_state(DataDir(Path(folder)).state_file)
        assert state is not None
        processes = {name: psutil.Process(each.pid) for name, each in state.components.items()}
        asyncio.run(measure(stack.url, processes, arguments.seconds))


if __name__ == "__main__":
    main()
