"""How the speech service of an installation is set up, for commands that look at its models and engines."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from cli.stack.catalog import effective_config
from kit.models import ModelStore
from services.speech.config import SpeechConfig
from services.speech.engine_settings import dashscope_settings, job_engine_settings
from services.speech.engines.dashscope.turns import NoTurns
from services.speech.engines.jobs import JobEngineSettings
from services.speech.engines.registry import SynthesizerSettings
from services.speech.engines.sherpa.folder import FolderUnusable, OperatorModel
from services.speech.engines.sherpa.settings import ears_model, voice_model


def synthesizer_settings(data_dir: Path) -> SynthesizerSettings:
    """What the engines get to see. Raises ConfigError."""
    config = effective_config(SpeechConfig, data_dir)
    return SynthesizerSettings(
        model_cache_dir=config.data_dir / "models",
        model_dir=config.synthesis.model_dir,
        onnx_threads=config.synthesis.threads,
        dashscope=dashscope_settings(config.dashscope, NoTurns()),
    )


def job_settings(data_dir: Path) -> JobEngineSettings:
    """What the engines of recognition, cloning and rewriting get to see. Raises ConfigError."""
    config = effective_config(SpeechConfig, data_dir)
    return job_engine_settings(config, dashscope_settings(config.dashscope, NoTurns()))


def model_store(data_dir: Path) -> ModelStore:
    """The model files. Raises ConfigError, ModelError."""
    settings = synthesizer_settings(data_dir)
    return ModelStore(settings.models_dir, settings.model_cache_dir, model_dir=settings.model_dir)


def operator_files(data_dir: Path) -> Iterator[tuple[OperatorModel, dict[str, str]]]:
    """The operator's own models for sherpa-onnx that can be used, with the SHA-256 of each file. Raises ConfigError."""
    config = effective_config(SpeechConfig, data_dir)
    for find, folder in ((voice_model, config.synthesis.model_dir), (ears_model, config.recognition.model_dir)):
        try:
            model = find(folder)
            yield model, model.digests()
        except FolderUnusable:
            continue  # `voxreel doctor` says why
