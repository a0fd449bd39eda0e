"""The state of the whole platform."""

from __future__ import annotations

from typing import NotRequired

from pydantic import Field
from typing_extensions import TypedDict

from edge.endpoint import In


class SystemIn(In):
    include_cache: bool = Field(default=False, description="是否包含缓存配置信息")
    include_resources: bool = Field(default=False, description="是否包含系统资源使用情况")


class UptimeOut(TypedDict):
    seconds: int
    human_readable: str
    started_at: str


class ServiceStateOut(TypedDict):
    status: str
    name: str


class ResourcesOut(TypedDict):
    cpu_usage: str
    memory_usage: str
    available_memory: str
    total_memory: str
    disk_usage: str
    available_disk: str
    total_disk: str


class TempFolderOut(TypedDict):
    temp_dir: str
    exists: bool
    writable: bool


class TempUserOut(TypedDict):
    temp_dir: str
    uses_config_temp_dir: bool
    status: str


class TempValidationOut(TypedDict):
    temp_dir_valid: bool
    all_services_use_config: bool


class CacheConfigOut(TypedDict):
    global_temp_config: TempFolderOut
    services_config: dict[str, TempUserOut]
    validation: TempValidationOut


class EngineOut(TypedDict):
    capability: str
    name: str
    status: str
    is_selected: bool
    model: str
    model_sha256: str
    quality: str


class SystemOut(TypedDict):
    name: str
    version: str
    description: str
    status: str
    timestamp: str
    overall_status: str
    uptime: UptimeOut
    features: list[str]
    endpoints: dict[str, str]
    services: dict[str, ServiceStateOut]
    documentation: str
    api_version: str
    engines: NotRequired[list[EngineOut]]
    system_resources: NotRequired[ResourcesOut]
    cache_config: NotRequired[CacheConfigOut]
