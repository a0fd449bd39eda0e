"""Links to videos elsewhere."""

from __future__ import annotations

from edge.endpoint import Call
from edge.platform_api.models.links import ParseIn, ParseOut
from voxreel.video.v1 import link_service_pb2 as messages


async def parse(given: ParseIn, call: Call) -> ParseOut:
    """Where the media of a shared link are."""
    found = await call.shared.clients.links.ParseLink(messages.ParseLinkRequest(text=given.url))
    author = found.author
    return {
        "code": 200,
        "msg": "解析成功",
        "data": {
            "video_url": found.video_url,
            "cover_url": found.cover_url,
            "title": found.title,
            "music_url": found.music_url,
            "images": list(found.image_urls),
            "author": {"uid": author.uid, "name": author.display_name, "avatar": author.avatar_url},
        },
        "timestamp": call.shared.times.aware(call.shared.clock.now()),
    }
