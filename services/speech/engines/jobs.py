"""The tables of engines for recognition, cloning and rewriting. Adding an engine is adding a row."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

from kit.engines import Capability, EngineEntry, EngineFact, EngineSlot, EngineState, examine_engines, open_slot
from kit.models import DEFAULT_MODELS_DIR
from services.speech.engines.base import Quality, SpeechRecognizer, TextRewriter, VoiceCloner
from services.speech.engines.recognition.recognizer import GuardedRecognizer
from services.speech.engines.rewriters import REWRITERS, RewriterSettings
from services.speech.engines.sherpa import settings as sherpa
from services.speech.engines.whisper.recognizer import WhisperRecognizer
from services.speech.engines.whisper.settings import ENGINE_NAME as WHISPER
from services.speech.engines.whisper.settings import WhisperModelFiles
from services.speech.media.sound import SoundOrder

RECOGNITION = Capability("speech_recognition", "语音识别", planned_engine=WHISPER)
VOICE_CLONE = Capability("voice_clone", "音色克隆", planned_engine="style_clone")
TEXT_REWRITE = Capability("text_rewrite", "文本仿写", planned_engine="rules")


@dataclass(frozen=True, slots=True)
class RecognitionOptions:
    """What an operator can choose about recognition. `model_dir` is a folder of a model of their own."""

    model_dir: Path | None = None
    processes: int = 1
    threads: int = 2
    max_duration_s: float = 3600.0


@dataclass(frozen=True, slots=True)
class JobEngineSettings:
    """What an operator can choose about these engines. `model_cache_dir` receives large model files."""

    model_cache_dir: Path
    rewriting: RewriterSettings
    models_dir: Path = DEFAULT_MODELS_DIR
    recognition: RecognitionOptions = RecognitionOptions()


def _whisper_files(settings: JobEngineSettings) -> WhisperModelFiles:
    return WhisperModelFiles(settings.models_dir, settings.model_cache_dir, settings.recognition.model_dir)


def _open_whisper(settings: JobEngineSettings) -> SpeechRecognizer:
    options = settings.recognition
    return WhisperRecognizer(
        _whisper_files(settings), _order(options), threads=options.threads, max_workers=options.processes
    )


def _examine_whisper(settings: JobEngineSettings) -> EngineState:
    files = _whisper_files(settings)
    return EngineState(files.name, files.sha256(), Quality.NATIVE, files.problems())


def _open_sherpa(settings: JobEngineSettings) -> SpeechRecognizer:
    options = settings.recognition
    load = sherpa.LoadSherpaEars(options.model_dir, options.threads)
    return GuardedRecognizer(sherpa.ENGINE_NAME, load, _order(options), max_workers=options.processes)


def _examine_sherpa(settings: JobEngineSettings) -> EngineState:
    state = sherpa.examine_ears(settings.recognition.model_dir)
    return EngineState(state.name, state.sha256, Quality.NATIVE, state.problems)


def _order(options: RecognitionOptions) -> SoundOrder:
    return SoundOrder(max_duration_s=options.max_duration_s)


# A folder of an operator is either for the one or for the other.
RECOGNIZERS: Mapping[str, EngineEntry[SpeechRecognizer, JobEngineSettings]] = MappingProxyType(
    {
        WHISPER: EngineEntry(_open_whisper, _examine_whisper),
        sherpa.ENGINE_NAME: EngineEntry(_open_sherpa, _examine_sherpa),
    }
)
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


def examine_job_engines(settings: JobEngineSettings) -> tuple[EngineFact, ...]:
    """What is known of the engines of the tables above. Opens none; touches the disk."""
    return (
        *examine_engines(RECOGNITION, RECOGNIZERS, settings),
        *examine_engines(VOICE_CLONE, CLONERS, settings),
        *examine_engines(TEXT_REWRITE, REWRITERS, settings.rewriting),
    )


def open_job_engines(settings: JobEngineSettings) -> JobEngines:
    """Slots over the tables above. Touches the disk; call it off the event loop."""
    return JobEngines(
        open_slot(RECOGNITION, RECOGNIZERS, settings),
        open_slot(VOICE_CLONE, CLONERS, settings),
        open_slot(TEXT_REWRITE, REWRITERS, settings.rewriting, choice=settings.rewriting.choice),
    )
