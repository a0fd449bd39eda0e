"""Links to videos elsewhere, and the platforms behind them."""

from __future__ import annotations

import math

from edge.display import DisplayTimes
from edge.endpoint import Call, NoInput
from edge.platform_api.models.links import LinkPlatformOut, LinkPlatformsOut, ParseIn, ParseOut
from voxreel.video.v1 import link_service_pb2 as messages

# Before the first reading nothing can be said.
_UNKNOWN = "unknown"


async def parse(given: ParseIn, call: Call) -> ParseOut:
    """Where the media of a shared link are."""
    found = await call.shared.clients.links.ParseLink(messages.ParseLinkRequest(text=given.url))
    author = found.author
    # A replica of before has no moving images.
    live_photo_urls = found.live_photo_urls or [""] * len(found.image_urls)
    return {
        "code": 200,
        "msg": "解析成功",
        "data": {
            "video_url": found.video_url,
            "cover_url": found.cover_url,
            "title": found.title,
            "music_url": found.music_url,
            "images": [
                {"url": url, "live_photo_url": live_photo_url}
                for url, live_photo_url in zip(found.image_urls, live_photo_urls, strict=True)
            ],
            "author": {"uid": author.uid, "name": author.display_name, "avatar": author.avatar_url},
        },
        "timestamp": call.shared.times.aware(call.shared.clock.now()),
    }


async def platforms(_given: NoInput, call: Call) -> LinkPlatformsOut:
    """How the platforms answered of late."""
    listed = await call.shared.clients.links.ListPlatforms(messages.ListPlatformsRequest())
    return {"platforms": [_platform(each, call.shared.times) for each in listed.platforms]}


def _platform(found: messages.LinkPlatform, times: DisplayTimes) -> LinkPlatformOut:
    return {
        "platform": found.key,
        "name": found.display_name,
        "status": found.last_outcome or _UNKNOWN,
        "counts": dict(found.counts),
        "last_success_at": times.stamp(found.last_read_time) if found.HasField("last_read_time") else None,
        "changed_ways": list(found.changed_ways),
        "paused_seconds": math.ceil(found.paused_for.ToMilliseconds() / 1000),
    }
