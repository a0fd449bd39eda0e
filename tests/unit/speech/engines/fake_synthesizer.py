"""A synthesizer for pool tests: obeys orders in its text instead of speaking. Lives in worker processes."""

import os
import signal
from dataclasses import dataclass
from pathlib import Path

from services.speech.engines.base import AudioFormat, Quality, SynthesisRequest, SynthesizedAudio
from services.speech.engines.errors import EngineUnavailable, UnknownVoice

SAY_PID = "pid"
CRASH = "crash"
BREAK = "break"
BLOCK = "block "
"""Followed by the path of a FIFO that is told the worker's process id before it blocks for ever."""


class FakeSynthesizer:
    """Counts its utterances, so that a test can tell one instance from another."""

    def __init__(self) -> None:
        self._utterances = 0

    def synthesize(self, request: SynthesisRequest) -> SynthesizedAudio:
        self._utterances += 1
        if request.voice == "nobody":
            raise UnknownVoice(request.voice)
        if request.text == CRASH:
            os.kill(os.getpid(), signal.SIGKILL)
        if request.text == BREAK:
            raise ZeroDivisionError("private detail")
        if request.text.startswith(BLOCK):
            Path(request.text.removeprefix(BLOCK)).write_text(str(os.getpid()))
            signal.pause()
        return SynthesizedAudio(
            data=str(os.getpid()).encode(),
            audio_format=AudioFormat.PCM,
            sample_rate=24_000,
            duration_ms=self._utterances,
            engine="fake",
            model="fake",
            quality=Quality.NATIVE,
            segments=(),
        )


@dataclass(frozen=True, slots=True)
class FakeFactory:
    """`missing` names what the engine lacks; empty for an engine that works."""

    missing: str = ""

    def __call__(self) -> FakeSynthesizer:
        if self.missing:
            raise EngineUnavailable("fake", self.missing)
        return FakeSynthesizer()
