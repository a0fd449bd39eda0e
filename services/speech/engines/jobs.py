"""The tables of engines for recognition, cloning and rewriting. Adding an engine is adding a row."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType

from kit.dashscope.clients import ENGINE_NAME as DASHSCOPE
from kit.engines import AUTO, Capability, EngineEntry, EngineFact, EngineSlot, EngineState, examine_engines, open_slot
from kit.models import DEFAULT_MODELS_DIR
from services.speech.engines.base import Quality, SpeechRecognizer, TextRewriter, VoiceCloner
from services.speech.engines.dashscope.cloner import SAMPLE_ORDER, DashScopeCloner
from services.speech.engines.dashscope.recognizer import SAMPLE_RATE, DashScopeRecognizer
from services.speech.engines.dashscope.settings import DashScopeSettings
from services.speech.engines.recognition.recognizer import GuardedRecognizer
from services.speech.engines.rewriters import REWRITERS, RewriterSettings
from services.speech.engines.sherpa import settings as sherpa
from services.speech.engines.style_clone.cloner import StyleCloner
from services.speech.engines.style_clone.settings import ENGINE_NAME as STYLE_CLONE
from services.speech.engines.style_clone.settings import MODEL_NAME as STYLE_MODEL
from services.speech.engines.style_clone.settings import StyleCloneOptions, StyleModelFiles
from services.speech.engines.whisper.recognizer import WhisperRecognizer
from services.speech.engines.whisper.settings import ENGINE_NAME as WHISPER
from services.speech.engines.whisper.settings import WhisperModelFiles
from services.speech.media.decoder import SoundDecoder
from services.speech.media.sound import SoundOrder

RECOGNITION = Capability("speech_recognition", "语音识别", planned_engine=WHISPER)
VOICE_CLONE = Capability("voice_clone", "音色克隆", planned_engine=STYLE_CLONE)
TEXT_REWRITE = Capability("text_rewrite", "文本仿写", planned_engine="rules")


@dataclass(frozen=True, slots=True)
class RecognitionOptions:
    """What an operator can choose about recognition. `model_dir` is a folder of a model of their own; `choice` is the
    name of an engine or `auto`."""

    model_dir: Path | None = None
    processes: int = 1
    threads: int = 2
    max_duration_s: float = 3600.0
    choice: str = AUTO


@dataclass(frozen=True, slots=True)
class JobEngineSettings:
    """What an operator can choose about these engines. `model_cache_dir` receives large model files; `model_dir` is the
    operator's own folder of those of synthesis, which cloning needs, too."""

    model_cache_dir: Path
    rewriting: RewriterSettings
    models_dir: Path = DEFAULT_MODELS_DIR
    model_dir: Path | None = None
    recognition: RecognitionOptions = RecognitionOptions()
    cloning_choice: str = AUTO
    dashscope: DashScopeSettings = field(default_factory=DashScopeSettings)
    cloning: StyleCloneOptions = field(default_factory=StyleCloneOptions)


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


def _open_gummy(settings: JobEngineSettings) -> SpeechRecognizer:
    order = SoundOrder(SAMPLE_RATE, settings.recognition.max_duration_s)
    return DashScopeRecognizer(settings.dashscope, SoundDecoder(order))


def _examine_gummy(settings: JobEngineSettings) -> EngineState:
    dashscope = settings.dashscope
    return EngineState(model=dashscope.recognition_model, quality=Quality.NATIVE, problems=dashscope.problems())


def _open_enrolment(settings: JobEngineSettings) -> VoiceCloner:
    return DashScopeCloner(settings.dashscope, SoundDecoder(SAMPLE_ORDER))


def _examine_enrolment(settings: JobEngineSettings) -> EngineState:
    dashscope = settings.dashscope
    return EngineState(model=dashscope.clone_model, quality=Quality.NATIVE, problems=dashscope.problems())


# In the order in which `auto` tries them: what an operator has set up comes before what every machine has.
RECOGNIZERS: Mapping[str, EngineEntry[SpeechRecognizer, JobEngineSettings]] = MappingProxyType(
    {
        DASHSCOPE: EngineEntry(_open_gummy, _examine_gummy),
        # A folder of an operator is either for the one or for the other.
        WHISPER: EngineEntry(_open_whisper, _examine_whisper),
        sherpa.ENGINE_NAME: EngineEntry(_open_sherpa, _examine_sherpa),
    }
)


def _style_files(settings: JobEngineSettings) -> StyleModelFiles:
    return StyleModelFiles(settings.models_dir, settings.model_cache_dir, settings.model_dir)


def _open_style_cloner(settings: JobEngineSettings) -> VoiceCloner:
    return StyleCloner(_style_files(settings), settings.cloning)


def _examine_style_cloner(settings: JobEngineSettings) -> EngineState:
    files = _style_files(settings)
    return EngineState(STYLE_MODEL, files.sha256(), Quality.APPROXIMATE, files.problems())


CLONERS: Mapping[str, EngineEntry[VoiceCloner, JobEngineSettings]] = MappingProxyType(
    {
        DASHSCOPE: EngineEntry(_open_enrolment, _examine_enrolment),
        STYLE_CLONE: EngineEntry(_open_style_cloner, _examine_style_cloner),
    }
)


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
        open_slot(RECOGNITION, RECOGNIZERS, settings, choice=settings.recognition.choice),
        open_slot(VOICE_CLONE, CLONERS, settings, choice=settings.cloning_choice),
        open_slot(TEXT_REWRITE, REWRITERS, settings.rewriting, choice=settings.rewriting.choice),
    )
