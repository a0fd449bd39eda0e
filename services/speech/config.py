"""Settings of the speech service."""

from __future__ import annotations

from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field

from kit.config import ServiceConfig, service_settings
from services.speech.engines.jobs import JobEngineSettings, RecognitionOptions
from services.speech.engines.registry import AUTO


class SynthesisSettings(BaseModel):
    """Text to speech."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    engine: str = Field(default=AUTO, description="`auto`, or the name of the engine to use.")
    model_dir: Path | None = Field(
        default=None, description="Your own folder of model files; looked in before any other place."
    )
    processes: int = Field(
        default=1, ge=1, le=64, description="Worker processes with a model each, about 0.6 GB of memory per process."
    )
    threads: int = Field(default=2, ge=1, le=64, description="Threads of one model.")
    timeout_s: float = Field(
        default=900, gt=0, le=3600, description="The longest one synthesis may take before it is stopped."
    )
    max_user_tasks: int = Field(
        default=20, ge=1, description="Unfinished tasks of one user; more are refused until some have finished."
    )
    max_tasks: int = Field(
        default=2000, ge=1, description="Unfinished tasks of all users; more are refused until some have finished."
    )
    producer: str = Field(
        default="Voxreel", min_length=1, description="Service name in the AI-content label of produced audio."
    )


class RecognitionSettings(BaseModel):
    """Speech to text."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    model_dir: Path | None = Field(
        default=None,
        description="Your own folder of a Whisper model in CTranslate2's format, instead of the base model.",
    )
    processes: int = Field(
        default=1, ge=1, le=64, description="Worker processes with a model each, about 0.6 GB of memory per process."
    )
    threads: int = Field(default=2, ge=1, le=64, description="Threads of one model.")
    max_duration_s: float = Field(
        default=3600, ge=1, le=14400, description="The longest recording that is taken; longer ones are refused."
    )


class JobSettings(BaseModel):
    """Recognition, cloning and rewriting."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    timeout_s: float = Field(
        default=1800, gt=0, le=7200, description="The longest one of these tasks may take before it is stopped."
    )


class SpeechConfig(ServiceConfig):
    """Settings of one process of the speech service."""

    model_config = service_settings("speech")

    synthesis: SynthesisSettings = Field(default=SynthesisSettings(), description="Text to speech.")
    recognition: RecognitionSettings = Field(default=RecognitionSettings(), description="Speech to text.")
    jobs: JobSettings = Field(default=JobSettings(), description="Recognition, cloning and rewriting.")


def job_engine_settings(config: SpeechConfig) -> JobEngineSettings:
    """What the engines of recognition, cloning and rewriting get to see."""
    given = config.recognition
    return JobEngineSettings(
        model_cache_dir=config.data_dir / "models",
        recognition=RecognitionOptions(given.model_dir, given.processes, given.threads, given.max_duration_s),
    )
