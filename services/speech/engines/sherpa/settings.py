"""What the sherpa engine needs to know, light enough to import in a process that never loads a model."""

from __future__ import annotations

from dataclasses import dataclass, replace
from importlib.util import find_spec
from pathlib import Path

from services.speech.engines.base import BlockingSynthesizer, Voice
from services.speech.engines.errors import EngineUnavailable
from services.speech.engines.kokoro.catalog import voices as preset_voices
from services.speech.engines.recognition.recognizer import Ears
from services.speech.engines.sherpa.folder import OVERRIDES, FolderUnusable, OperatorModel, read_folder
from services.speech.engines.sherpa.layouts import RECOGNITION_KINDS, SYNTHESIS_KINDS, kind_of_ears, kind_of_voice

ENGINE_NAME = "sherpa"

_LIBRARIES = ("av", "numpy", "scipy", "sherpa_onnx")
_LIBRARIES_OF_EARS = ("av", "faster_whisper", "numpy", "opencc", "sherpa_onnx")


@dataclass(frozen=True, slots=True)
class SherpaState:
    """`name` and `sha256` (of the largest file) are empty where there is no model."""

    name: str
    sha256: str
    problems: tuple[str, ...]


def voices() -> tuple[Voice, ...]:
    """The preset voices, whoever speaks them here: clients may name every one of them whatever the engine is."""
    return tuple(replace(voice, pitch_hz=None) for voice in preset_voices())


def voice_model(folder: Path | None) -> OperatorModel:
    """The model that speaks. Raises FolderUnusable."""
    if folder is None:
        raise FolderUnusable("synthesis.model_dir is not set")
    model = read_folder(folder, SYNTHESIS_KINDS, kind_of_voice)
    known = {voice.voice_id for voice in preset_voices()}
    strangers = [f"{OVERRIDES}: there is no voice {name}" for name in model.speakers if name not in known]
    if strangers:
        raise FolderUnusable(*strangers)
    return model


def ears_model(folder: Path | None) -> OperatorModel:
    """The model that hears. Raises FolderUnusable."""
    if folder is None:
        raise FolderUnusable("recognition.model_dir is not set")
    return read_folder(folder, RECOGNITION_KINDS, kind_of_ears)


def examine_voice(folder: Path | None) -> SherpaState:
    """What speaks, and what keeps it from that. Reads its files when they are new."""
    missing = _missing(_LIBRARIES)
    try:
        return _state(voice_model(folder), missing)
    except FolderUnusable as error:
        return SherpaState("", "", (*error.problems, *missing))


def examine_ears(folder: Path | None) -> SherpaState:
    """What hears, and what keeps it from that. Reads its files when they are new."""
    missing = _missing(_LIBRARIES_OF_EARS)
    try:
        return _state(ears_model(folder), missing)
    except FolderUnusable as error:
        return SherpaState("", "", (*error.problems, *missing))


@dataclass(frozen=True, slots=True)
class SherpaFactory:
    """Loads the model that speaks in the process that calls it; picklable, so that a worker process can."""

    folder: Path | None
    threads: int
    producer: str
    max_chars: int

    def __call__(self) -> BlockingSynthesizer:
        """Raises EngineUnavailable."""
        try:
            from services.speech.engines.sherpa.speaking import SherpaSynthesizer

            model = voice_model(self.folder)
        except (ImportError, FolderUnusable) as error:
            raise EngineUnavailable(ENGINE_NAME, str(error)) from error
        return SherpaSynthesizer(model, threads=self.threads, producer=self.producer, max_chars=self.max_chars)


@dataclass(frozen=True, slots=True)
class LoadSherpaEars:
    """Loads the model that hears in the process that calls it; picklable, so that a worker process can."""

    folder: Path | None
    threads: int

    def __call__(self) -> Ears:
        """Raises FolderUnusable."""
        # Here, so that the service itself never loads the libraries.
        from services.speech.engines.sherpa.hearing import SherpaEars

        return SherpaEars(ears_model(self.folder), threads=self.threads)


def _state(model: OperatorModel, problems: tuple[str, ...]) -> SherpaState:
    return SherpaState(model.name, next(iter(model.digests().values()), ""), problems)


def _missing(libraries: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(f"library {name} is not installed" for name in libraries if find_spec(name) is None)
