"""Settings of the speech service."""

from __future__ import annotations

from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, SecretStr

from kit.config import ServiceConfig, service_settings
from kit.dashscope.clients import HTTP_URL
from services.speech.engines.dashscope.settings import WEBSOCKET_URL
from services.speech.engines.registry import AUTO


class SynthesisSettings(BaseModel):
    """Text to speech."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    engine: str = Field(default=AUTO, description="`auto`, or the engine to use: `dashscope`, `sherpa`, `kokoro`.")
    model_dir: Path | None = Field(
        default=None,
        description="Your own folder of model files: looked in before any other place; or of a model for sherpa-onnx.",
    )
    processes: int = Field(
        default=1, ge=1, le=64, description="Worker processes with a model each, about 0.6 GB of memory per process."
    )
    threads: int = Field(default=2, ge=1, le=64, description="Threads of one model.")
    places: int = Field(
        default=8,
        ge=1,
        le=64,
        description="Dubbings and texts of at most 500 characters that are spoken at the same time, by turns.",
    )
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


class CloningSettings(BaseModel):
    """Voices learnt from samples, by search."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    engine: str = Field(
        default=AUTO, description="`auto`, or the name of the engine to use: `dashscope`, `style_clone`."
    )
    processes: int = Field(
        default=1, ge=1, le=64, description="Worker processes with the models, about 0.6 GB of memory per process."
    )
    threads: int = Field(default=2, ge=1, le=64, description="Threads of one model.")
    evaluations: int = Field(
        default=150, ge=1, le=2000, description="Voices that are tried for one sample; each takes a second or two."
    )
    max_search_s: float = Field(
        default=300, gt=0, le=1500, description="The best voice found by then is taken, however many were tried."
    )
    seed: int = Field(default=1, ge=0, le=2**31, description="The same seed and sample find the same voice.")


class RecognitionSettings(BaseModel):
    """Speech to text."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    engine: str = Field(
        default=AUTO, description="`auto`, or the name of the engine to use: `dashscope`, `whisper`, `sherpa`."
    )
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


class DashScopeAccountSettings(BaseModel):
    """Alibaba Cloud's DashScope, used for everything it can do when there is a key. The limits are those of the
    account, over all processes."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    api_key: SecretStr = Field(default=SecretStr(""), description="The account's key; empty: DashScope is not used.")
    http_url: str = Field(default=HTTP_URL, pattern=r"^https?://[^\s/@]+/\S+$", description="Where requests go.")
    websocket_url: str = Field(
        default=WEBSOCKET_URL, pattern=r"^wss?://[^\s/@]+/\S+$", description="Where speech goes to and comes from."
    )
    clone_model: str = Field(default="cosyvoice-v2", description="The model a voice is enrolled for if none is named.")
    recognition_model: str = Field(default="gummy-realtime-v1", description="The model that hears.")
    rewrite_model: str = Field(default="qwen-plus", description="The model that rewrites.")
    rewrite_temperature: float = Field(
        default=0.7, ge=0, lt=2, description="How freely that model chooses its words; 0 always takes the likeliest."
    )
    silence_s: float = Field(
        default=15, gt=0, le=300, description="The longest time the service may be silent, connecting included."
    )
    poll_s: float = Field(default=2, gt=0, le=60, description="The pause between two looks at a voice in deployment.")
    hearing_speed: float = Field(
        default=8, ge=1, le=100, description="How many times faster than it plays a recording is sent."
    )
    max_jobs: int = Field(default=8, ge=1, le=100, description="Jobs of one kind that this process has running.")
    cosyvoice_per_s: float = Field(default=3, gt=0, description="Syntheses by CosyVoice that may begin in a second.")
    sambert_per_s: float = Field(default=20, gt=0, description="Syntheses by Sambert that may begin in a second.")
    enrollment_per_s: float = Field(default=10, gt=0, description="Requests about enrolled voices in a second.")
    recognition_per_s: float = Field(default=10, gt=0, description="Recognitions that may begin in a second.")
    rewrite_per_s: float = Field(default=20, gt=0, description="Rewrites that may begin in a second.")
    most_running: int = Field(
        default=0, ge=0, description="Jobs of one kind that the account may have running; 0: as many as there are."
    )


class RewritingSettings(BaseModel):
    """Texts written anew."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    engine: str = Field(
        default=AUTO, description="`auto`, or the name of the engine to use: `dashscope`, `openai_compatible`, `rules`."
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
    cloning: CloningSettings = Field(default=CloningSettings(), description="Voices learnt from samples.")
    jobs: JobSettings = Field(default=JobSettings(), description="Recognition and cloning.")
    rewriting: RewritingSettings = Field(default=RewritingSettings(), description="Texts written anew.")
    dashscope: DashScopeAccountSettings = Field(
        default=DashScopeAccountSettings(), description="Alibaba Cloud's DashScope."
    )
