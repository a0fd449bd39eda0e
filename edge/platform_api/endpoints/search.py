"""Searches of administrators."""

from __future__ import annotations

from typing import Any

from edge.endpoint import Access, Endpoint
from edge.platform_api.handlers import search
from edge.platform_api.models.files import FileSearchIn, FileSearchOut

TAG = "高级搜索"

ENDPOINTS: tuple[Endpoint[Any], ...] = (
    Endpoint(
        method="GET",
        path="/api/search/files",
        access=Access.ADMIN,
        input=FileSearchIn,
        handler=search.search_files,
        output=FileSearchOut,
        tag=TAG,
    ),
)
