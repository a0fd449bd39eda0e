"""Settings of the video service."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field

from kit.config import ServiceConfig, service_settings


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
    links: LinkSettings = Field(default=LinkSettings(), description="Links to videos elsewhere.")
