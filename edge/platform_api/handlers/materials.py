"""Keeping material lists."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, auto

from edge.endpoint import Call
from edge.platform_api.models.materials import MaterialIn
from edge.platform_api.models.users import MessageOut
from voxreel.auth.v1 import user_pb2
from voxreel.auth.v1 import user_service_pb2 as users
from voxreel.files.v1 import file_service_pb2 as files


class Holds(Enum):
    """What the ids of a list name."""

    FILES = auto()
    # Voices are no files, and the contract wants them unchecked.
    VOICES = auto()


@dataclass(frozen=True, slots=True)
class MaterialList:
    """One of a user's lists. `segment` is its part of the path, `name` its Chinese name in replies."""

    segment: str
    kind: user_pb2.MaterialKind.ValueType
    name: str
    holds: Holds = Holds.FILES

    async def add(self, given: MaterialIn, call: Call) -> MessageOut:
        """Adds what exists and is the caller's; auth keeps the list, files knows what exists."""
        clients = call.shared.clients
        if self.holds is Holds.FILES:
            await clients.files.GetFile(files.GetFileRequest(file_id=given.file_id))
        await clients.users.AddMaterial(users.AddMaterialRequest(kind=self.kind, item_id=given.file_id))
        return {"message": f"{self.name}添加成功"}

    async def remove(self, given: MaterialIn, call: Call) -> MessageOut:
        """Removes it from the list, also when the file is gone."""
        request = users.RemoveMaterialRequest(kind=self.kind, item_id=given.file_id)
        await call.shared.clients.users.RemoveMaterial(request)
        return {"message": f"{self.name}移除成功"}


LISTS: tuple[MaterialList, ...] = (
    MaterialList("works", user_pb2.MATERIAL_KIND_WORKS, "作品"),
    MaterialList("digital-human", user_pb2.MATERIAL_KIND_DIGITAL_HUMANS, "数字人素材"),
    MaterialList("background", user_pb2.MATERIAL_KIND_BACKGROUNDS, "背景素材"),
    MaterialList("voice", user_pb2.MATERIAL_KIND_VOICES, "音色", Holds.VOICES),
    MaterialList("bgm", user_pb2.MATERIAL_KIND_BGM, "BGM素材"),
)
"""In the order of the contract."""
