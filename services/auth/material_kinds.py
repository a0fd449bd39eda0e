"""How the material lists are called outside of the domain."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from services.auth.domain.materials import MaterialKind
from voxreel.auth.v1 import user_pb2

KIND_TO_PROTO: Mapping[MaterialKind, user_pb2.MaterialKind.ValueType] = MappingProxyType(
    {
        MaterialKind.WORKS: user_pb2.MATERIAL_KIND_WORKS,
        MaterialKind.DIGITAL_HUMANS: user_pb2.MATERIAL_KIND_DIGITAL_HUMANS,
        MaterialKind.BACKGROUNDS: user_pb2.MATERIAL_KIND_BACKGROUNDS,
        MaterialKind.VOICES: user_pb2.MATERIAL_KIND_VOICES,
        MaterialKind.BGM: user_pb2.MATERIAL_KIND_BGM,
    }
)
KIND_FROM_PROTO: Mapping[int, MaterialKind] = MappingProxyType({value: kind for kind, value in KIND_TO_PROTO.items()})
CHINESE_NAMES: Mapping[MaterialKind, str] = MappingProxyType(
    {
        MaterialKind.WORKS: "作品",
        MaterialKind.DIGITAL_HUMANS: "数字人素材",
        MaterialKind.BACKGROUNDS: "背景素材",
        MaterialKind.VOICES: "音色",
        MaterialKind.BGM: "背景音乐",
    }
)
