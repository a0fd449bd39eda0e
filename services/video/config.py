"""Settings of the video service."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field, SecretStr

from kit.config import ServiceConfig, service_settings
from kit.dashscope.clients import HTTP_URL
from kit.engines import AUTO


class RenderSettings(BaseModel):
    """Lip-synced video and chroma key."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    concurrency: int = Field(default=1, ge=1, le=64, description="Tasks done at a time.")
    timeout_s: float = Field(
        default=3600, gt=0, le=14_400, description="The longest one task may take before it is stopped."
    )
    max_user_tasks: int = Field(
        default=10, ge=1, description="Unfinished tasks of one user; more are refused until some have finished."
    )
    max_tasks: int = Field(
        default=500, ge=1, description="Unfinished tasks of all users; more are refused until some have finished."
    )
    producer: str = Field(
        default="Voxreel", min_length=1, description="Service name in the AI-content label of produced videos."
    )
    is_web_on: bool = Field(
        default=True,
        description="Fetch videos, audio and images that clients name by URLs elsewhere; off, those are refused.",
    )


class LipSyncSettings(BaseModel):
    """Lip-synced video."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    engine: str = Field(default=AUTO, description="`auto`, or the name of the engine to use: `dashscope`, `mesh_warp`.")


class DashScopeAccountSettings(BaseModel):
    """Alibaba Cloud's DashScope, used for lip sync when there is a key. The limit is that of the account, over all
    processes."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    api_key: SecretStr = Field(default=SecretStr(""), description="The account's key; empty: DashScope is not used.")
    http_url: str = Field(default=HTTP_URL, pattern=r"^https?://[^\s/@]+/\S+$", description="Where requests go.")
    silence_s: float = Field(
        default=15, gt=0, le=60, description="The longest time the service may be silent, connecting included."
    )
    transfer_s: float = Field(
        default=600, gt=0, le=3600, description="The longest time one file may take on its way to the service or back."
    )
    poll_s: float = Field(
        default=3, gt=0, le=60, description="The first pause between two looks at an order; they grow from there."
    )
    max_poll_s: float = Field(default=15, gt=0, le=300, description="The longest pause between two looks.")
    most_running: int = Field(
        default=1, ge=1, le=64, description="Orders that the account may have running; the others wait here."
    )


class LinkSettings(BaseModel):
    """Links to videos elsewhere."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    is_on: bool = Field(
        default=True,
        description="Read shared links by asking the public pages of their platforms; off, nothing is asked outside.",
    )


class VideoConfig(ServiceConfig):
    """Settings of one process of the video service."""

    model_config = service_settings("video")

    render: RenderSettings = Field(default=RenderSettings(), description="Lip-synced video and chroma key.")
    lip_sync: LipSyncSettings = Field(default=LipSyncSettings(), description="Lip-synced video.")
    dashscope: DashScopeAccountSettings = Field(
        default=DashScopeAccountSettings(), description="Alibaba Cloud's DashScope."
    )
    links: LinkSettings = Field(default=LinkSettings(), description="Links to videos elsewhere.")
