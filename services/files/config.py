"""Settings of the files service."""

from __future__ import annotations

from pydantic import Field

from kit.config import ServiceConfig, service_settings


class FilesConfig(ServiceConfig):
    """Settings of one process of the files service."""

    model_config = service_settings("files")

    temp_life_s: float = Field(default=86_400, ge=60, description="How long temporary files live, in seconds.")
    sweep_interval_s: float = Field(
        default=60, gt=0, le=3600, description="Seconds between two looks for files that have expired."
    )
