"""Which platform a link belongs to: by its exact host, never by what else stands in it."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from kit.net.urls import HttpUrl
from services.video.links.platform import Platform
from services.video.links.platforms.acfun import ACFUN
from services.video.links.platforms.bilibili import BILIBILI
from services.video.links.platforms.douyin import DOUYIN
from services.video.links.platforms.haokan import HAOKAN
from services.video.links.platforms.huya import HUYA
from services.video.links.platforms.kuaishou import KUAISHOU
from services.video.links.platforms.pear import PEAR
from services.video.links.platforms.pipixia import PIPIXIA
from services.video.links.platforms.quanminkge import QUANMINKGE
from services.video.links.platforms.weibo import WEIBO
from services.video.links.platforms.weishi import WEISHI
from services.video.links.platforms.xiaohongshu import XIAOHONGSHU
from services.video.links.platforms.xigua import XIGUA
from services.video.links.platforms.zuiyou import ZUIYOU

PLATFORMS: Mapping[str, Platform] = MappingProxyType(
    {
        each.key: each
        for each in (
            DOUYIN,
            KUAISHOU,
            XIAOHONGSHU,
            BILIBILI,
            WEIBO,
            PIPIXIA,
            XIGUA,
            WEISHI,
            ZUIYOU,
            HAOKAN,
            ACFUN,
            HUYA,
            PEAR,
            QUANMINKGE,
        )
    }
)
"""By key, in the order in which they are shown."""


def platform_of(url: HttpUrl) -> Platform | None:
    """The platform that the link is of; None for every other site, and for a port that no platform uses."""
    if not url.has_default_port:
        return None
    return next((each for each in PLATFORMS.values() if each.owns(url.host)), None)


def successor(platform: Platform, url: HttpUrl) -> Platform | None:
    """The platform whose link a redirect of a platform's own link may lead to; None when it leads astray."""
    found = platform_of(url)
    is_known = found is not None and (found is platform or found.key in platform.leads_to)
    return found if is_known else None
