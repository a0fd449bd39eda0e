"""Links to videos elsewhere, and the platforms behind them."""

from __future__ import annotations

from typing import Any

from edge.endpoint import Access, Dialect, Endpoint, NoInput, RateClass, Source
from edge.platform_api.handlers import links
from edge.platform_api.models.links import LinkPlatformsOut, ParseIn, ParseOut

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
        rate=RateClass.LINK,
        refusals=(403, 404),
        dialect=Dialect.LINKS,
    ),
    Endpoint(
        method="GET",
        path="/api/system/link-platforms",
        access=Access.ADMIN,
        input=NoInput,
        handler=links.platforms,
        output=LinkPlatformsOut,
        tag=TAG,
        title="视频解析平台状态",
    ),
)
