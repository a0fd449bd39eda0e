"""Settings of a process: one frozen object, read once, from environment variables.

`VOXREEL_<SERVICE>_<FIELD>` sets a field and `VOXREEL_<SERVICE>_<GROUP>__<FIELD>` one of a group. The same
name with `_FILE` behind it names a file that holds the value, for mounted secrets. A variable with a
service's prefix that names no setting is refused, so a typing mistake never becomes a silent default.
"""

from __future__ import annotations

import difflib
import os
import socket
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationError, ValidationInfo, field_validator
from pydantic.fields import FieldInfo
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict
from pydantic_settings.sources import EnvSettingsSource

from kit.blobs.settings import S3Settings
from kit.db.settings import DatabaseSettings
from kit.observability.settings import TracingSettings

C = TypeVar("C", bound="ProcessConfig")

_NESTED = "__"
_FILE_SUFFIX = "_FILE"
_MAX_FILE_BYTES = 64 * 1024
MIN_SERVICE_TOKEN_CHARS = 16


class ConfigError(Exception):
    """The settings cannot be used. The text names variables and problems, never a value."""


def service_settings(service: str) -> SettingsConfigDict:
    """The `model_config` of a service's settings class."""
    return SettingsConfigDict(
        env_prefix=f"VOXREEL_{service.upper()}_",
        env_nested_delimiter=_NESTED,
        nested_model_default_partial_update=True,
        frozen=True,
        extra="forbid",
    )


class Peers(BaseModel):
    """Addresses of the services, as gRPC targets. The defaults are the headless services of a cluster."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    auth: str = Field(default="dns:///auth-headless:50051", description="gRPC target of auth.")
    billing: str = Field(default="dns:///billing-headless:50051", description="gRPC target of billing.")
    files: str = Field(default="dns:///files-headless:50051", description="gRPC target of files.")
    speech: str = Field(default="dns:///speech-headless:50051", description="gRPC target of speech.")
    video: str = Field(default="dns:///video-headless:50051", description="gRPC target of video.")


class ProcessConfig(BaseSettings):
    """What every process has, also one without a database."""

    model_config = service_settings("process")

    host: str = Field(default="127.0.0.1", description="Address to listen on.")
    port: int = Field(default=50051, ge=0, le=65535, description="Port to serve on; 0 takes a free one.")
    admin_host: str = Field(
        default="127.0.0.1", description="Address of the admin port; keep it where only operators reach it."
    )
    admin_port: int = Field(
        default=9090, ge=0, le=65535, description="Port of /livez, /readyz and /metrics; 0 takes a free one."
    )
    data_dir: Path = Field(default=Path("data"), description="Folder for everything kept on this machine.")
    nats_url: SecretStr = Field(default=SecretStr("nats://127.0.0.1:4222"), description="The message broker.")
    service_token: SecretStr = Field(
        min_length=MIN_SERVICE_TOKEN_CHARS,
        description="Secret that services prove themselves with to each other; the same in all of them.",
    )
    second_service_token: SecretStr = Field(
        default=SecretStr(""),
        description="Accepted from services beside the other one, while it is being replaced (docs/runbook.md).",
    )
    peers: Peers = Field(default=Peers(), description="Where the services are.")
    blobs_url: str = Field(
        default="",
        pattern=r"^((file:///|s3://[a-z0-9]).*)?$",
        description="Store of file contents, `file:///PATH` or `s3://BUCKET/PREFIX`; empty: in the data directory.",
    )
    s3: S3Settings = Field(default=S3Settings(), description="How a store of file contents that speaks S3 is reached.")
    log_level: Literal["debug", "info", "warning", "error"] = Field(
        default="info", description="The least severe event that is logged."
    )
    tracing: TracingSettings = Field(default=TracingSettings(), description="Where spans go.")
    instance: str = Field(
        default_factory=socket.gethostname,
        min_length=1,
        max_length=64,
        description="Name of this replica, the same after a restart, unlike that of any other running one. "
        "The default is the host's name.",
    )
    grace_s: float = Field(
        default=10.0, gt=0, le=600, description="Seconds from the signal to stop until the process has ended."
    )

    @field_validator("second_service_token")
    @classmethod
    def _long_enough_if_given(cls, value: SecretStr) -> SecretStr:
        if 0 < len(value.get_secret_value()) < MIN_SERVICE_TOKEN_CHARS:
            raise ValueError(f"must have at least {MIN_SERVICE_TOKEN_CHARS} characters")
        return value

    @field_validator("data_dir")
    @classmethod
    def _absolute(cls, value: Path) -> Path:
        return value.expanduser().absolute()

    @field_validator("blobs_url")
    @classmethod
    def _blobs_in_data_dir(cls, value: str, info: ValidationInfo) -> str:
        data_dir: Path | None = info.data.get("data_dir")
        if value or data_dir is None:
            return value
        return (data_dir / "blobs").as_uri()

    @classmethod
    def env_prefix(cls) -> str:
        """`VOXREEL_BILLING_`."""
        return cls.model_config.get("env_prefix", "")

    @classmethod
    def service_name(cls) -> str:
        """`billing`."""
        return cls.env_prefix().removeprefix("VOXREEL_").rstrip("_").lower()

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Arguments win over the environment; no other source is read."""
        del env_settings, dotenv_settings, file_secret_settings
        return (init_settings, _Environment(settings_cls))


class ServiceConfig(ProcessConfig):
    """What every service with a database has. A subclass sets `model_config = service_settings("<name>")`."""

    model_config = service_settings("service")

    db: DatabaseSettings = Field(default=DatabaseSettings(), description="The service's own database.")
    nats_replicas: int = Field(
        default=1,
        ge=1,
        le=5,
        description="Copies of each stream, on as many nodes of the broker; the same in all services.",
    )
    auto_migrate: bool = Field(
        default=True, description="Bring the schema up to date at start; off where a migrate job does it."
    )
    is_reflection_on: bool = Field(default=False, description="Offer gRPC server reflection.")
    is_worker_on: bool = Field(
        default=True, description="`serve` also runs the background work; off where `worker` processes do it."
    )

    @field_validator("db")
    @classmethod
    def _database_in_data_dir(cls, value: DatabaseSettings, info: ValidationInfo) -> DatabaseSettings:
        if value.url.get_secret_value() or "data_dir" not in info.data:
            return value
        url = f"sqlite:///{info.data['data_dir'] / cls.service_name()}.db"
        return value.model_copy(update={"url": SecretStr(url)})


@dataclass(frozen=True, slots=True)
class Setting:
    """One setting as an operator sees it. `group` is empty for a field of the process itself."""

    variable: str
    group: str
    field: FieldInfo
    default: Any


def settings_of(config_class: type[ProcessConfig]) -> Iterator[Setting]:
    """Every setting of a class, groups opened, in the order of declaration."""
    prefix = config_class.env_prefix()
    for name, field in config_class.model_fields.items():
        group = group_of(field)
        if group is None:
            yield Setting(f"{prefix}{name.upper()}", "", field, field.default)
            continue
        for inner, inner_field in group.model_fields.items():
            default = getattr(field.default, inner, inner_field.default)
            variable = f"{prefix}{name.upper()}{_NESTED}{inner.upper()}"
            yield Setting(variable, name, inner_field, default)


def group_of(field: FieldInfo) -> type[BaseModel] | None:
    """The model of a field that groups settings; optional groups too. None for a plain setting."""
    candidates = [field.annotation, *getattr(field.annotation, "__args__", ())]
    for candidate in candidates:
        if isinstance(candidate, type) and issubclass(candidate, BaseModel):
            return candidate
    return None


def load(config_class: type[C], **overrides: Any) -> C:
    """The settings from the environment, `overrides` first. Raises ConfigError with one line per problem."""
    check_variables(config_class, os.environ)
    try:
        return config_class(**overrides)
    except ValidationError as error:
        raise ConfigError("\n".join(_readable(error, config_class.env_prefix()))) from None


def check_variables(config_class: type[ProcessConfig], environ: Mapping[str, str]) -> list[str]:
    """The variables of a service that are set. Raises ConfigError when one of them names no setting."""
    problems = list(_unknown_variables(config_class, environ))
    if problems:
        raise ConfigError("\n".join(problems))
    return sorted(name for name in environ if name.startswith(config_class.env_prefix()))


def masked(config: ProcessConfig) -> dict[str, Any]:
    """The effective settings as JSON values, secrets replaced by asterisks."""
    return config.model_dump(mode="json")


class _Environment(EnvSettingsSource):
    """The environment, with `…_FILE` variables replaced by what their files hold."""

    def __init__(self, settings_cls: type[BaseSettings]) -> None:
        super().__init__(settings_cls)
        if issubclass(settings_cls, ProcessConfig):
            self.env_vars = dict(_with_files(settings_cls, os.environ))


def _with_files(config_class: type[ProcessConfig], environ: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    for setting in settings_of(config_class):
        variable = setting.variable
        path = environ.get(variable + _FILE_SUFFIX)
        if path is not None and variable in environ:
            raise ConfigError(f"{variable} and {variable}{_FILE_SUFFIX} are both set: keep one")
        if path is not None:
            yield variable.lower(), _file_text(variable + _FILE_SUFFIX, Path(path))
        elif variable in environ:
            yield variable.lower(), environ[variable]


def _file_text(variable: str, path: Path) -> str:
    try:
        with path.open(encoding="utf-8") as file:
            return file.read(_MAX_FILE_BYTES).strip()
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"{variable}: the file cannot be read ({type(error).__name__})") from None


def _unknown_variables(config_class: type[ProcessConfig], environ: Mapping[str, str]) -> Iterator[str]:
    known = [setting.variable for setting in settings_of(config_class)]
    accepted = {*known, *(name + _FILE_SUFFIX for name in known)}
    for variable in sorted(environ):
        if not variable.startswith(config_class.env_prefix()) or variable in accepted:
            continue
        closest = difflib.get_close_matches(variable, known, n=1, cutoff=0.0)
        yield f"{variable} is not a setting; the closest is {closest[0]}"


def _readable(error: ValidationError, prefix: str) -> Iterator[str]:
    for problem in error.errors(include_input=False, include_url=False):
        variable = prefix + _NESTED.join(str(part) for part in problem["loc"]).upper()
        message = "is required" if problem["type"] == "missing" else problem["msg"]
        yield f"{variable}: {message}"
