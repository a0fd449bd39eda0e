"""Links to videos elsewhere."""

from __future__ import annotations

from typing import Any

from edge.endpoint import Access, Dialect, Endpoint, RateClass, Source
from edge.platform_api.handlers import links
from edge.platform_api.models.links import ParseIn, ParseOut

TAG = "系统"

ENDPOINTS: tuple[Endpoint[Any], ...] = (
    Endpoint(
        method="POST",
        path="/api/video/parse",
        access=Access.PUBLIC,
        input=ParseIn,
        source=Source.BODY,
        handler=links.parse,
        output=ParseOut,
        tag=TAG,
        rate=RateClass.TASK,
        dialect=Dialect.LINKS,
    ),
)
