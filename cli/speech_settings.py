"""How the speech service of an installation is set up, for commands that look at its models and engines."""

from __future__ import annotations

from pathlib import Path

from cli.stack.catalog import effective_config
from kit.models import ModelStore
from services.speech.config import SpeechConfig
from services.speech.engine_settings import dashscope_settings, job_engine_settings
from services.speech.engines.dashscope.turns import NoTurns
from services.speech.engines.jobs import JobEngineSettings
from services.speech.engines.registry import SynthesizerSettings


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
