"""Which engine speaks, whether it can, and what the service tells about its engines."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

from kit.dashscope.clients import ENGINE_NAME as DASHSCOPE
from kit.digests import short_digest
from kit.engines import EngineFact, EngineSlot
from kit.errors import Unavailable
from kit.events.waiting import wait_any
from services.speech.engines.base import Language, Quality, Voice
from services.speech.engines.dashscope.catalog import is_enrolled
from services.speech.engines.dubbing import Dubber
from services.speech.engines.errors import UnknownEngine
from services.speech.engines.jobs import JobEngines
from services.speech.engines.kokoro.settings import ENGINE_NAME as KOKORO
from services.speech.engines.registry import AUTO, SYNTHESIZERS, Availability, SynthesizerSettings, availability
from services.speech.engines.styles import style_of
from voxreel.common.v1 import error_reason_pb2 as reasons

CAPABILITY = "speech_synthesis"
_REFRESH_S = 30.0


@dataclass(frozen=True, slots=True)
class LearntVoice:
    """`language` is the one of its manner of speaking; `quality` is approximate when it only resembles its sample."""

    language: Language
    quality: Quality


class SynthesisEngine:
    """The selected engine of text to speech, as the rest of the service sees it."""

    def __init__(self, name: str, voices: tuple[Voice, ...]) -> None:
        self.name = name
        self.voices = voices
        self.voice_ids = frozenset(voice.voice_id for voice in voices)
        self._problem = ""
        self._model = ""

    @property
    def problem(self) -> str:
        """What keeps it from working, in words for the operator; empty when nothing does."""
        return self._problem

    def learnt_voice(self, engine_voice: str) -> LearntVoice | None:
        """What a learnt voice is to this engine; None when it is a voice of another."""
        if self.name == DASHSCOPE:
            return LearntVoice(Language.CHINESE, Quality.NATIVE) if is_enrolled(engine_voice) else None
        style = style_of(engine_voice) if self.name == KOKORO else None
        return None if style is None else LearntVoice(style.language, Quality.APPROXIMATE)

    def version_of(self, voice: str) -> str:
        """Changes with what is heard of a preset voice: with the engine and its model."""
        return short_digest({"engine": self.name, "model": self._model, "voice": voice})

    def report(self, problem: str, *, model: str = "") -> None:
        """Notes what was found out about it last; `model` identifies what it speaks with."""
        self._problem, self._model = problem, model

    def check_usable(self) -> None:
        """Raises Unavailable (ENGINE_UNAVAILABLE) when it cannot work now."""
        if self._problem:
            raise Unavailable(reasons.ERROR_REASON_ENGINE_UNAVAILABLE, "语音合成引擎暂不可用，请稍后重试")


class EngineDirectory:
    """Keeps the facts about all engines current."""

    def __init__(
        self,
        settings: SynthesizerSettings,
        selected: SynthesisEngine,
        jobs: JobEngines,
        *,
        dubber: EngineSlot[Dubber],
    ) -> None:
        self._settings = settings
        self._selected = selected
        self._jobs = jobs
        self._dubber = dubber
        self._facts: tuple[EngineFact, ...] = ()
        self._broken = ""

    @property
    def facts(self) -> tuple[EngineFact, ...]:
        """Every capability of the service with its engines, as of the last step."""
        return (*self._facts, *self._dubber.facts, *self._jobs.facts)

    async def report_broken(self, problem: str) -> None:
        """The selected engine was tried and cannot work in this process; that holds until a restart."""
        self._broken = problem
        await self.step()

    async def step(self) -> None:
        """Looks at files and libraries once."""
        await self._jobs.step()
        await self._dubber.step()
        self._facts = await asyncio.to_thread(self._look)
        selected = next((fact for fact in self._facts if fact.is_selected), None)
        if selected is None:
            self._selected.report("engine is gone")
        else:
            self._selected.report(selected.unavailable_reason, model=f"{selected.model}@{selected.model_sha256}")

    async def run(self, stop: asyncio.Event) -> None:
        """Looks again from time to time until `stop` is set."""
        while not stop.is_set():
            await self.step()
            await wait_any(stop, timeout_s=_REFRESH_S)

    def _look(self) -> tuple[EngineFact, ...]:
        return tuple(self._fact(found) for found in availability(self._settings))

    def _fact(self, found: Availability) -> EngineFact:
        is_selected = found.engine == self._selected.name
        problems = [*found.problems, *([self._broken] if is_selected and self._broken else [])]
        return EngineFact(
            name=found.engine,
            capability=CAPABILITY,
            unavailable_reason=f"引擎不可用：{'; '.join(problems)}" if problems else "",
            is_selected=is_selected,
            model=found.model,
            model_sha256=found.model_sha256,
            quality=found.quality,
        )


def select_engine(choice: str, settings: SynthesizerSettings) -> str:
    """The name of the engine to use: the pinned one, or the first that can work here, or else the last.

    Touches the disk. Raises UnknownEngine for a name that is not in the table.
    """
    if choice != AUTO:
        if choice not in SYNTHESIZERS:
            raise UnknownEngine(choice)
        return choice
    usable = (found.engine for found in availability(settings) if found.is_available)
    return next(usable, tuple(SYNTHESIZERS)[-1])
