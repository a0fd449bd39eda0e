"""Settings of the edge."""

from __future__ import annotations

from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import Field, field_validator

from kit.config import ProcessConfig, service_settings


class EdgeConfig(ProcessConfig):
    """`VOXREEL_EDGE_…`."""

    model_config = service_settings("edge")

    port: int = Field(default=8000, ge=0, le=65535, description="Port of the REST API; 0 takes a free one.")
    display_zone: str = Field(
        default="Asia/Shanghai", description="Time zone in which times are shown to clients (IANA name)."
    )
    public_base_url: str = Field(
        default="",
        pattern=r"^(https?://[^\s?#]+)?$",
        description="Where clients reach the platform, `https://HOST`; empty: at the address they used.",
    )
    trusted_proxies: int = Field(
        default=0,
        ge=0,
        le=8,
        description="How many of the operator's own proxies stand before the edge and append to X-Forwarded-For.",
    )

    @field_validator("display_zone")
    @classmethod
    def _known_zone(cls, value: str) -> str:
        try:
            ZoneInfo(value)
        except (ZoneInfoNotFoundError, ValueError):
            raise ValueError("is not a known time zone") from None
        return value

    @field_validator("public_base_url")
    @classmethod
    def _without_slash(cls, value: str) -> str:
        return value.rstrip("/")
