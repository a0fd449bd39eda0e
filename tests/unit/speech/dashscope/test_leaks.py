"""After 200 jobs of all kinds, half of them with a fault, there is no thread and no socket more than before."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Awaitable, Callable
from dataclasses import replace
from pathlib import Path

from services.speech.engines.base import CloneRequest, RewriteMode, RewriteRequest, SynthesisRequest
from services.speech.engines.dashscope.cloner import SAMPLE_ORDER, DashScopeCloner
from services.speech.engines.dashscope.recognizer import SAMPLE_RATE, DashScopeRecognizer
from services.speech.engines.dashscope.rewriter import DashScopeRewriter
from services.speech.engines.dashscope.settings import DashScopeSettings
from services.speech.engines.dashscope.synthesizer import DashScopeSynthesizer
from services.speech.media.sound import SoundOrder
from tests.emulators.dashscope.faults import HttpFaults, SocketFaults
from tests.emulators.dashscope.server import DashScopeEmulator
from tests.fakes.decoder import FakeDecoder
from tests.fakes.recordings import write_wav
from tests.polling import eventually

TIMEOUT_S = 20.0
FAULTS = (
    (SocketFaults(), HttpFaults()),
    (SocketFaults(), HttpFaults()),
    (SocketFaults(drops_after=2), HttpFaults(stream_cut_after=1, resets=True)),
    (SocketFaults(fails_after=2), HttpFaults(status=429, code="Throttling")),
)
Job = Callable[[int], Awaitable[object]]


async def test_nothing_is_left_of_200_jobs(
    settings: DashScopeSettings, emulator: DashScopeEmulator, tmp_path: Path
) -> None:
    settings = replace(settings, silence_s=10.0)
    sockets, threads = _open_sockets(), _threads()
    synthesizer = DashScopeSynthesizer(settings, producer="Test")
    recognizer = DashScopeRecognizer(settings, FakeDecoder(SoundOrder(SAMPLE_RATE, 60.0)))
    cloner = DashScopeCloner(settings, FakeDecoder(SAMPLE_ORDER))
    rewriter = DashScopeRewriter(settings)

    async def speak(_number: int) -> None:
        await synthesizer.synthesize(SynthesisRequest("好。", "zhichu"), timeout_s=TIMEOUT_S)

    async def hear(number: int) -> None:
        media = write_wav(tmp_path / f"media-{number}.wav", duration_s=0.2)
        await recognizer.recognize(media, timeout_s=TIMEOUT_S, on_progress=lambda _fraction: None)

    async def clone(number: int) -> None:
        sample = write_wav(tmp_path / f"sample-{number}.wav", duration_s=0.2 + number / 1000)
        request = CloneRequest(sample, "mine", "")
        await cloner.clone(request, timeout_s=TIMEOUT_S, on_progress=lambda _fraction: None)

    async def write(_number: int) -> None:
        async for _piece in rewriter.rewrite(RewriteRequest("原文。", RewriteMode.AUTO, "", 1.0), timeout_s=TIMEOUT_S):
            pass

    for place, (emulator.faults.socket, emulator.faults.http) in enumerate(FAULTS):
        kinds: tuple[tuple[Job, int], ...] = ((speak, 20), (hear, 12), (clone, 6), (write, 12))
        jobs = [job(place * 100 + number) for job, count in kinds for number in range(count)]
        results = await asyncio.gather(*jobs, return_exceptions=True)
        failed = [result for result in results if isinstance(result, BaseException)]
        assert len(failed) == (0 if place < 2 else 50), failed
    for engine in (synthesizer, recognizer, cloner, rewriter):
        await engine.aclose()
    await eventually(lambda: not emulator.state.sockets and _threads() <= threads)
    await eventually(lambda: _open_sockets() <= sockets)


def _threads() -> set[str]:
    """Those of calls; the loop's own come and go."""
    return {thread.name for thread in threading.enumerate() if thread.name.startswith(("dashscope", "Thread-"))}


def _open_sockets() -> int:
    links = (entry.readlink().name for entry in Path("/proc/self/fd").iterdir() if entry.is_symlink())
    return sum(name.startswith("socket:") for name in links)
