"""Settings of the files service."""

from __future__ import annotations

from pydantic import Field, SecretStr, field_validator

from kit.config import MIN_SERVICE_TOKEN_CHARS, ServiceConfig, service_settings


class FilesConfig(ServiceConfig):
    """Settings of one process of the files service."""

    model_config = service_settings("files")

    temp_life_s: float = Field(default=86_400, ge=60, description="How long temporary files live, in seconds.")
    sweep_interval_s: float = Field(
        default=60, gt=0, le=3600, description="Seconds between two looks for files that have expired."
    )
    link_key: SecretStr = Field(
        default=SecretStr(""),
        description="Secret that seals links to files; empty: one that is made of the service token. Replicas need "
        "the same.",
    )
    previous_link_key: SecretStr = Field(
        default=SecretStr(""), description="The link key before, whose links stay good until they expire."
    )

    @field_validator("link_key", "previous_link_key")
    @classmethod
    def _long_enough(cls, value: SecretStr) -> SecretStr:
        if 0 < len(value.get_secret_value()) < MIN_SERVICE_TOKEN_CHARS:
            raise ValueError(f"must have at least {MIN_SERVICE_TOKEN_CHARS} characters")
        return value
