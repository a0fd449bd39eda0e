"""The history of dubbing."""

from __future__ import annotations

from typing import Any

from edge.dubbing_api.handlers import history
from edge.dubbing_api.models.history import DownloadUrlIn, DownloadUrlOut, DubbingIdIn, DubbingOut, DubbingsOut
from edge.dubbing_api.models.paging import PageIn
from edge.endpoint import Access, Dialect, Endpoint, Success

TAG = "配音 · 历史记录"

ENDPOINTS: tuple[Endpoint[Any], ...] = (
    Endpoint(
        method="GET",
        path="/api/history",
        access=Access.USER,
        input=PageIn,
        handler=history.list_history,
        output=DubbingsOut,
        tag=TAG,
        dialect=Dialect.DUBBING,
    ),
    Endpoint(
        method="GET",
        path="/api/history/{history_id}",
        access=Access.USER,
        input=DubbingIdIn,
        handler=history.get_history,
        output=DubbingOut,
        tag=TAG,
        dialect=Dialect.DUBBING,
    ),
    Endpoint(
        method="DELETE",
        path="/api/history/{history_id}",
        access=Access.USER,
        input=DubbingIdIn,
        handler=history.delete_history,
        output=type(None),
        tag=TAG,
        dialect=Dialect.DUBBING,
        success=Success(message="删除成功"),
    ),
    Endpoint(
        method="GET",
        path="/api/history/{history_id}/download-url",
        access=Access.USER,
        input=DownloadUrlIn,
        handler=history.download_url,
        output=DownloadUrlOut,
        tag=TAG,
        dialect=Dialect.DUBBING,
    ),
)
