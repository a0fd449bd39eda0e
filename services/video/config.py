"""Settings of the video service."""

from __future__ import annotations

from kit.config import ServiceConfig, service_settings


class VideoConfig(ServiceConfig):
    """Settings of one process of the video service."""

    model_config = service_settings("video")
