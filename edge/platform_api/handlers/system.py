"""The state of the platform."""

from __future__ import annotations

from edge.aggregates.system import describe_system
from edge.endpoint import Call, NoInput
from edge.platform_api.models.system import SystemIn, SystemOut
from edge.platform_api.models.users import MessageOut


async def root(_given: NoInput, _call: Call) -> MessageOut:
    return {"message": "服务正在运行"}


async def system(given: SystemIn, call: Call) -> SystemOut:
    return await describe_system(given, call.shared)
