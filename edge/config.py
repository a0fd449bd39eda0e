"""Settings of the edge."""

from __future__ import annotations

from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import BaseModel, ConfigDict, Field, field_validator

from kit.config import ProcessConfig, service_settings

_MAX_PER_S = 1e6


class RateSettings(BaseModel):
    """What one caller may ask of one replica: so many calls a second for long, ten seconds' worth of them at once."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    reads_per_s: float = Field(default=5000.0, ge=0.1, le=_MAX_PER_S, description="Reads of one caller per second.")
    writes_per_s: float = Field(
        default=500.0, ge=0.1, le=_MAX_PER_S, description="Changes of one caller per second that are none of the below."
    )
    credentials_per_s: float = Field(
        default=50.0,
        ge=0.1,
        le=_MAX_PER_S,
        description="Logins, registrations and everything else with a password, of one caller per second.",
    )
    uploads_per_s: float = Field(default=50.0, ge=0.1, le=_MAX_PER_S, description="Uploads of one caller per second.")
    tasks_per_s: float = Field(
        default=200.0, ge=0.1, le=_MAX_PER_S, description="Orders of work for engines of one caller per second."
    )
    links_per_s: float = Field(
        default=1.0,
        ge=0.1,
        le=_MAX_PER_S,
        description="Links read for one client address per second, whoever is logged in there.",
    )


class ProgressSettings(BaseModel):
    """How many clients may follow tasks at one replica."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    streams_per_user: int = Field(
        default=20, ge=1, le=10_000, description="Streams of task events that one user may have open at a replica."
    )
    streams: int = Field(
        default=2000, ge=1, le=100_000, description="Streams of task events that a replica keeps open in all."
    )


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

    rates: RateSettings = Field(default=RateSettings(), description="How often one caller may call this replica.")

    progress: ProgressSettings = Field(default=ProgressSettings(), description="Streams of task events.")

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
