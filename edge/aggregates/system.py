"""The state of the platform as one page, from health checks and the services' own lists of engines."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from types import MappingProxyType
from urllib.parse import urlsplit

from edge.aggregates.capabilities import list_engines, usable_among
from edge.aggregates.resources import read_resources, storage_state
from edge.platform_api.models.system import CacheConfigOut, EngineOut, ServiceStateOut, SystemIn, SystemOut
from edge.shared import Shared
from voxreel.engine.v1 import engine_service_pb2

# Name of the area of the store for files that expire; where it lies on a disk is nobody's business.
_TEMP_AREA = "temp"
_DATABASE_OWNERS = ("auth", "billing", "files", "speech", "video")


@dataclass(frozen=True, slots=True)
class _Capability:
    """A feature as the contract lists it, and the engine capability behind it."""

    engine: str
    feature: str
    service_key: str
    service_name: str


_CAPABILITIES = (
    _Capability("speech_recognition", "语音识别 (ASR)", "asr", "语音识别服务"),
    _Capability("text_rewrite", "文本仿写 (LLM)", "llm", "大语言模型服务"),
    _Capability("speech_synthesis", "语音合成 (TTS)", "tts", "语音合成服务"),
    _Capability("lip_sync", "视频生成 (VideoRetalk)", "video", "视频生成服务"),
    _Capability("chroma_key", "绿幕背景替换", "", ""),
    _Capability("voice_clone", "语音克隆", "", ""),
)
QUALITIES: Mapping[engine_service_pb2.Quality.ValueType, str] = MappingProxyType(
    {engine_service_pb2.QUALITY_NATIVE: "native", engine_service_pb2.QUALITY_APPROXIMATE: "approximate"}
)
_ENDPOINTS: Mapping[str, str] = MappingProxyType(
    {
        "user_management": "/api/user",
        "asr": "/api/asr",
        "tts": "/api/tts",
        "llm": "/api/llm",
        "video": "/api/videoretalk",
        "tasks": "/api/tasks",
        "files": "/api/files",
        "activities": "/api/activities",
        "system": "/api/system",
    }
)


async def describe_system(given: SystemIn, shared: Shared) -> SystemOut:
    """What runs, what can be used now, and for how long it has been up."""
    engines = await list_engines(shared.clients)
    usable = usable_among(engines)
    services = _service_states(usable, shared)
    is_healthy = all(shared.status.is_serving(service) for service in _DATABASE_OWNERS)
    uptime = shared.status.uptime()
    reply: SystemOut = {
        "name": "AI视频生成服务平台",
        "version": platform_version(),
        "description": "提供语音识别、语音合成、视频生成等AI服务",
        "status": "running",
        "timestamp": shared.times.aware(shared.clock.now()),
        "overall_status": "healthy" if is_healthy else "degraded",
        "uptime": {
            "seconds": int(uptime.total_seconds()),
            "human_readable": str(uptime),
            "started_at": shared.times.aware(shared.status.started_at),
        },
        "features": [
            *(each.feature for each in _CAPABILITIES if each.engine in usable),
            "用户管理",
            "任务管理",
        ],
        "endpoints": dict(_ENDPOINTS),
        "services": services,
        "engines": [_engine(each) for each in engines],
        "documentation": "/docs",
        "api_version": "v1",
    }
    if given.include_resources:
        reply["system_resources"] = await asyncio.to_thread(read_resources, _folder_of(shared.blobs_url))
    if given.include_cache:
        reply["cache_config"] = await _cache_config(services, shared)
    return reply


def platform_version() -> str:
    """Version of the installed distribution."""
    try:
        return version("voxreel")
    except PackageNotFoundError:
        return "unknown"


def _engine(engine: engine_service_pb2.Engine) -> EngineOut:
    """What anybody may know of an engine; what it lacks is the operator's business."""
    return {
        "capability": engine.capability,
        "name": engine.name,
        "status": "available" if engine.is_available else "unavailable",
        "is_selected": engine.is_selected,
        "model": engine.model,
        "model_sha256": engine.model_sha256,
        "quality": QUALITIES.get(engine.quality, ""),
    }


def _service_states(usable: frozenset[str], shared: Shared) -> dict[str, ServiceStateOut]:
    states: dict[str, ServiceStateOut] = {}
    for each in _CAPABILITIES:
        if each.service_key:
            status = "running" if each.engine in usable else "unavailable"
            states[each.service_key] = {"status": status, "name": each.service_name}
    # A service with a database serves only while the database answers.
    has_databases = all(shared.status.is_serving(service) for service in _DATABASE_OWNERS)
    states["database"] = {
        "status": "connected" if has_databases else "disconnected",
        "name": "数据库",
    }
    states["storage"] = {
        "status": "available" if shared.status.is_serving("files") else "unavailable",
        "name": "文件存储",
    }
    return states


async def _cache_config(services: Mapping[str, ServiceStateOut], shared: Shared) -> CacheConfigOut:
    folder = _folder_of(shared.blobs_url)
    is_served = shared.status.is_serving("files")
    is_there, is_writable = await asyncio.to_thread(storage_state, folder) if folder else (is_served, is_served)
    return {
        "global_temp_config": {"temp_dir": _TEMP_AREA, "exists": is_there, "writable": is_writable},
        "services_config": {
            "tts": {
                "temp_dir": _TEMP_AREA,
                "uses_config_temp_dir": True,
                "status": "initialized" if services["tts"]["status"] == "running" else "unavailable",
            }
        },
        "validation": {"temp_dir_valid": is_writable, "all_services_use_config": True},
    }


def _folder_of(blobs_url: str) -> str:
    """The folder of a local store; empty for one that is elsewhere."""
    parts = urlsplit(blobs_url)
    return parts.path if parts.scheme == "file" else ""
