"""The table of text-to-speech engines: how each is made, and whether it can work here.

Adding an engine is adding a row to `SYNTHESIZERS`. Availability is computed each time it is asked for,
cheaply enough for a status page: it looks for libraries and files, it does not load them.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType

from kit.dashscope.clients import ENGINE_NAME as DASHSCOPE
from kit.models import DEFAULT_MODELS_DIR
from services.speech.engines.base import Quality, SpeechSynthesizer
from services.speech.engines.dashscope.settings import DashScopeSettings
from services.speech.engines.dashscope.synthesizer import DashScopeSynthesizer
from services.speech.engines.errors import EngineUnavailable, UnknownEngine
from services.speech.engines.kokoro.catalog import voices
from services.speech.engines.kokoro.settings import DEFAULT_MAX_CHARS, ENGINE_NAME, MODEL_NAME, KokoroFactory
from services.speech.engines.pool import SynthesisPool
from services.speech.engines.sherpa import settings as sherpa

AUTO = "auto"


@dataclass(frozen=True, slots=True)
class SynthesizerSettings:
    """Everything an operator can choose about synthesis; each engine takes what concerns it.

    model_cache_dir receives large model files; model_dir, if given, is searched before any other place, and holds the
    model of the engine `sherpa`.
    producer names the service in the AI-content label of produced files.
    """

    model_cache_dir: Path
    models_dir: Path = DEFAULT_MODELS_DIR
    model_dir: Path | None = None
    max_workers: int = 1
    max_waiting: int = 64
    onnx_threads: int = 2
    max_chars: int = DEFAULT_MAX_CHARS
    producer: str = "Voxreel"
    dashscope: DashScopeSettings = field(default_factory=DashScopeSettings)


@dataclass(frozen=True, slots=True)
class Availability:
    """What an engine is, whether it can work here, and if not, why, in words for the operator.

    model_sha256 is empty where the model is no file; of a model of several it is that of the largest.
    """

    engine: str
    model: str
    model_sha256: str
    quality: Quality
    problems: tuple[str, ...]

    @property
    def is_available(self) -> bool:
        return not self.problems


@dataclass(frozen=True, slots=True)
class SynthesizerEntry:
    """`open_engine` makes the engine without loading it; `examine` tells what it is and what it lacks."""

    open_engine: Callable[[SynthesizerSettings], SpeechSynthesizer]
    examine: Callable[[SynthesizerSettings], Availability]


def _kokoro_factory(settings: SynthesizerSettings) -> KokoroFactory:
    return KokoroFactory(
        models_dir=settings.models_dir,
        cache_dir=settings.model_cache_dir,
        model_dir=settings.model_dir,
        threads=settings.onnx_threads,
        producer=settings.producer,
        max_chars=settings.max_chars,
    )


def _open_kokoro(settings: SynthesizerSettings) -> SpeechSynthesizer:
    return SynthesisPool(
        _kokoro_factory(settings),
        voices(),
        name=ENGINE_NAME,
        max_workers=settings.max_workers,
        max_waiting=settings.max_waiting,
    )


def _examine_kokoro(settings: SynthesizerSettings) -> Availability:
    factory = _kokoro_factory(settings)
    return Availability(ENGINE_NAME, MODEL_NAME, factory.model_sha256(), Quality.NATIVE, factory.problems())


def _open_sherpa(settings: SynthesizerSettings) -> SpeechSynthesizer:
    factory = sherpa.SherpaFactory(
        settings.model_dir,
        threads=settings.onnx_threads,
        producer=settings.producer,
        max_chars=settings.max_chars,
    )
    return SynthesisPool(
        factory,
        sherpa.voices(),
        name=sherpa.ENGINE_NAME,
        max_workers=settings.max_workers,
        max_waiting=settings.max_waiting,
    )


def _examine_sherpa(settings: SynthesizerSettings) -> Availability:
    state = sherpa.examine_voice(settings.model_dir)
    return Availability(sherpa.ENGINE_NAME, state.name, state.sha256, Quality.NATIVE, state.problems)


def _open_dashscope(settings: SynthesizerSettings) -> SpeechSynthesizer:
    return DashScopeSynthesizer(settings.dashscope, producer=settings.producer)


def _examine_dashscope(settings: SynthesizerSettings) -> Availability:
    return Availability(DASHSCOPE, "cosyvoice-v2", "", Quality.NATIVE, settings.dashscope.problems())


SYNTHESIZERS: Mapping[str, SynthesizerEntry] = MappingProxyType(
    {
        DASHSCOPE: SynthesizerEntry(_open_dashscope, _examine_dashscope),
        sherpa.ENGINE_NAME: SynthesizerEntry(_open_sherpa, _examine_sherpa),
        ENGINE_NAME: SynthesizerEntry(_open_kokoro, _examine_kokoro),
    }
)
"""In the order in which `auto` tries them: what an operator has set up comes before what every machine has."""


def availability(settings: SynthesizerSettings) -> tuple[Availability, ...]:
    """One fact per known engine. Touches the disk; call it off the event loop."""
    return tuple(entry.examine(settings) for entry in SYNTHESIZERS.values())


def open_synthesizer(choice: str, settings: SynthesizerSettings) -> SpeechSynthesizer:
    """The engine called `choice`, or for `auto` the first that can work here. Touches the disk.

    Raises UnknownEngine for a name not in the table, EngineUnavailable if the engine (or, for `auto`, every
    engine) has problems.
    """
    if choice != AUTO and choice not in SYNTHESIZERS:
        raise UnknownEngine(choice)
    facts = [fact for fact in availability(settings) if choice in (AUTO, fact.engine)]
    for fact in facts:
        if fact.is_available:
            return SYNTHESIZERS[fact.engine].open_engine(settings)
    raise EngineUnavailable(choice, "; ".join(problem for fact in facts for problem in fact.problems))
