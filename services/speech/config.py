"""Settings of the speech service."""

from __future__ import annotations

from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, SecretStr

from kit.config import ServiceConfig, service_settings
from services.speech.engines.registry import AUTO


class SynthesisSettings(BaseModel):
    """Text to speech."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    engine: str = Field(default=AUTO, description="`auto`, or the engine to use: `sherpa`, `kokoro`.")
    model_dir: Path | None = Field(
        default=None,
        description="Your own folder of model files: looked in before any other place; or of a model for sherpa-onnx.",
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


class DubbingSettings(BaseModel):
    """Speech with emotions."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    timeout_s: float = Field(
        default=300, gt=0, le=3600, description="The longest one dubbing may take before it is stopped."
    )
    indextts_url: str | None = Field(
        default=None,
        pattern=r"https?://\S+",
        description="Address of your own IndexTTS2 server (index-tts-vllm, api_server_v2); used when it is set.",
    )
    indextts_shared_dir: Path | None = Field(
        default=None, description="A folder that the IndexTTS2 server sees, too: recordings are handed over in it."
    )
    indextts_server_dir: str | None = Field(
        default=None, description="The path of that folder on the server, when it is another one there."
    )


class RecognitionSettings(BaseModel):
    """Speech to text."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    model_dir: Path | None = Field(
        default=None,
        description="Your own folder of a model, instead of Whisper base: CTranslate2's format, or sherpa-onnx's.",
    )
    processes: int = Field(
        default=1, ge=1, le=64, description="Worker processes with a model each, about 0.6 GB of memory per process."
    )
    threads: int = Field(default=2, ge=1, le=64, description="Threads of one model.")
    max_duration_s: float = Field(
        default=3600, ge=1, le=14400, description="The longest recording that is taken; longer ones are refused."
    )


class JobSettings(BaseModel):
    """Recognition and cloning."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    timeout_s: float = Field(
        default=1800, gt=0, le=7200, description="The longest one of these tasks may take before it is stopped."
    )


class RewritingSettings(BaseModel):
    """Texts written anew."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    engine: str = Field(
        default=AUTO, description="`auto`, or the name of the engine to use: `openai_compatible`, `rules`."
    )
    places: int = Field(
        default=8, ge=1, le=256, description="Texts that are written at the same time for clients that wait."
    )
    timeout_s: float = Field(
        default=100, gt=0, le=110, description="The longest one text may take, a second attempt included."
    )
    openai_base_url: str = Field(
        default="",
        pattern=r"^(https?://[^\s/@]+(/[^\s?#]*)?)?$",
        description="A server that speaks the API of OpenAI, up to and with `/v1`; empty: none.",
    )
    openai_api_key: SecretStr = Field(default=SecretStr(""), description="What that server asks for, if anything.")
    openai_model: str = Field(default="", max_length=128, description="The model of that server to use.")
    openai_temperature: float = Field(
        default=0.7, ge=0, le=2, description="How freely that model chooses its words; 0 always takes the likeliest."
    )


class SpeechConfig(ServiceConfig):
    """Settings of one process of the speech service."""

    model_config = service_settings("speech")

    synthesis: SynthesisSettings = Field(default=SynthesisSettings(), description="Text to speech.")
    dubbing: DubbingSettings = Field(default=DubbingSettings(), description="Speech with emotions.")
    recognition: RecognitionSettings = Field(default=RecognitionSettings(), description="Speech to text.")
    jobs: JobSettings = Field(default=JobSettings(), description="Recognition and cloning.")
    rewriting: RewritingSettings = Field(default=RewritingSettings(), description="Texts written anew.")
