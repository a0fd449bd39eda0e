"""What the service tells about its engines."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class EngineFact:
    """One way to do a capability. An engine with an `unavailable_reason` cannot be used."""

    name: str
    capability: str
    unavailable_reason: str


_NOT_INCLUDED = "当前版本未包含该引擎"

ENGINES: tuple[EngineFact, ...] = (
    EngineFact("mesh_warp", "lip_sync", _NOT_INCLUDED),
    EngineFact("yuv_tables", "chroma_key", _NOT_INCLUDED),
)
