"""The tables of engines for recognition, cloning and rewriting. Adding an engine is adding a row."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

from kit.engines import Capability, EngineEntry, EngineFact, EngineSlot, open_slot
from services.speech.engines.base import SpeechRecognizer, TextRewriter, VoiceCloner
from services.speech.engines.rewriters import REWRITERS, RewriterSettings

RECOGNITION = Capability("speech_recognition", "语音识别", planned_engine="whisper")
VOICE_CLONE = Capability("voice_clone", "音色克隆", planned_engine="style_clone")
TEXT_REWRITE = Capability("text_rewrite", "文本仿写", planned_engine="rules")


@dataclass(frozen=True, slots=True)
class JobEngineSettings:
    """What an operator can choose about these engines. `model_cache_dir` receives large model files."""

    model_cache_dir: Path
    rewriting: RewriterSettings


RECOGNIZERS: Mapping[str, EngineEntry[SpeechRecognizer, JobEngineSettings]] = MappingProxyType({})
CLONERS: Mapping[str, EngineEntry[VoiceCloner, JobEngineSettings]] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class JobEngines:
    """The slots of these capabilities."""

    recognizer: EngineSlot[SpeechRecognizer]
    cloner: EngineSlot[VoiceCloner]
    rewriter: EngineSlot[TextRewriter]

    @property
    def facts(self) -> tuple[EngineFact, ...]:
        """What is known of their engines."""
        return (*self.recognizer.facts, *self.cloner.facts, *self.rewriter.facts)

    async def step(self) -> None:
        """Looks again at what the engines need."""
        await asyncio.gather(self.recognizer.step(), self.cloner.step(), self.rewriter.step())


def open_job_engines(settings: JobEngineSettings) -> JobEngines:
    """Slots over the tables above. Touches the disk; call it off the event loop."""
    return JobEngines(
        open_slot(RECOGNITION, RECOGNIZERS, settings),
        open_slot(VOICE_CLONE, CLONERS, settings),
        open_slot(TEXT_REWRITE, REWRITERS, settings.rewriting, choice=settings.rewriting.choice),
    )
