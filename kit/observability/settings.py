"""Settings of what a process tells about itself."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field


class TracingSettings(BaseModel):
    """Where spans go. Off without an endpoint: then nothing of OpenTelemetry is imported."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    endpoint: str = Field(
        default="",
        pattern=r"^(https?://[^\s?#]+)?$",
        description="Where spans go by OTLP over HTTP, such as `http://collector:4318/v1/traces`; empty: nowhere. "
        "Needs the extra `tracing`.",
    )
    sample_ratio: float = Field(
        default=1.0,
        ge=0.0,
        le=1.0,
        description="Share of the requests whose traces are recorded, unless the client decides.",
    )
