"""The reader of links over the public web."""

from __future__ import annotations

import asyncio
from collections.abc import Hashable
from dataclasses import replace
from typing import Final

import structlog

from kit.clock import Clock
from kit.net.urls import HttpUrl
from services.video.domain.links import LinkedMedia, LinkFailure, Outcome, PlatformState, Reading
from services.video.links.chain import Chain, Web
from services.video.links.health import PlatformHealth
from services.video.links.memory import ReadingMemory
from services.video.links.platform import Platform
from services.video.links.router import PLATFORMS, platform_of

NAME: Final = "web_pages"
# A platform sees this many visitors from here at most.
_AT_A_TIME = 4
_CROWDED_S = 1.0

_log = structlog.get_logger()


class WebPageReader:
    """Reads posts from the pages that anybody sees."""

    name = NAME

    def __init__(self, web: Web, clock: Clock) -> None:
        self._web = web
        self._health = PlatformHealth(PLATFORMS, clock)
        self._memory = ReadingMemory(clock.monotonic)
        self._chain = Chain(web, self._note_way)
        self._lanes = {key: asyncio.Semaphore(_AT_A_TIME) for key in PLATFORMS}

    async def read(self, link: HttpUrl, *, timeout_s: float) -> Reading:
        """What lies behind a link. Nothing is asked of a site that is no platform's."""
        platform = platform_of(link)
        if platform is None:
            return LinkFailure(Outcome.PLATFORM_UNSUPPORTED)
        key = _key(platform, link)
        if key is None:
            return LinkFailure(Outcome.KIND_UNSUPPORTED)
        return self._memory.find(key) or await self._in_lane(platform, link, key=key, timeout_s=timeout_s)

    def platforms(self) -> tuple[PlatformState, ...]:
        """How each platform answered since the start of this process."""
        return tuple(self._health.states())

    async def aclose(self) -> None:
        await self._web.aclose()

    async def _in_lane(self, platform: Platform, link: HttpUrl, *, key: Hashable, timeout_s: float) -> Reading:
        lane, until = self._lanes[platform.key], asyncio.get_running_loop().time() + timeout_s
        try:
            async with asyncio.timeout_at(until):
                await lane.acquire()
        except TimeoutError:
            # Says nothing of the platform, so it does not count against it.
            return LinkFailure(Outcome.LIMITED, "too many at a time", retry_after_s=_CROWDED_S)
        try:
            # Whoever was before in the lane may have read the same link, or been sent away.
            return self._memory.find(key) or await self._read_anew(platform, link, key=key, until=until)
        finally:
            lane.release()

    async def _read_anew(self, platform: Platform, link: HttpUrl, *, key: Hashable, until: float) -> Reading:
        paused_s = self._health.paused_s(platform)
        if paused_s > 0.0:
            return LinkFailure(Outcome.LIMITED, "left alone for a while", retry_after_s=paused_s)
        reading: Reading
        try:
            async with asyncio.timeout_at(until):
                reading = await self._chain.read(platform, link)
        except TimeoutError:
            reading = LinkFailure(Outcome.UNREACHABLE, "out of time")
        self._memory.keep(key, reading)
        self._health.note(platform, reading)
        if isinstance(reading, LinkFailure) and reading.outcome is Outcome.LIMITED:
            return replace(reading, retry_after_s=self._health.paused_s(platform))
        return reading

    def _note_way(self, platform: Platform, way: str, reading: Reading) -> None:
        self._health.note_way(platform, way, reading)
        if not isinstance(reading, LinkedMedia) and reading.outcome is Outcome.CHANGED:
            _log.warning("links.page_changed", platform=platform.key, way=way, detail=reading.detail)


def _key(platform: Platform, link: HttpUrl) -> Hashable | None:
    """What makes two links the same; None for what is no link to a post."""
    item = platform.find(link)
    if item is not None:
        return (platform.key, item)
    request = platform.short_request(link)
    return None if request is None else (platform.key, request.url)
