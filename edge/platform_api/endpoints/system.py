"""The root, the state of the whole platform, and what its administrators did."""

from __future__ import annotations

from typing import Any

from edge.endpoint import Access, Endpoint, NoInput
from edge.platform_api.handlers import audit, system
from edge.platform_api.models.audit import AuditIn, AuditOut
from edge.platform_api.models.system import SystemIn, SystemOut
from edge.platform_api.models.users import MessageOut

TAG = "系统"

ENDPOINTS: tuple[Endpoint[Any], ...] = (
    Endpoint(
        method="GET",
        path="/",
        access=Access.PUBLIC,
        input=NoInput,
        handler=system.root,
        output=MessageOut,
        tag=TAG,
    ),
    Endpoint(
        method="GET",
        path="/api/system",
        access=Access.PUBLIC,
        input=SystemIn,
        handler=system.system,
        output=SystemOut,
        tag=TAG,
    ),
    Endpoint(
        method="GET",
        path="/api/system/audit",
        access=Access.ADMIN,
        input=AuditIn,
        handler=audit.records,
        output=AuditOut,
        tag=TAG,
        title="管理员操作审计",
    ),
)
