"""From a link to what is read of it: short links followed, ways tried one after the other."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Final, Protocol

from kit.net.errors import FetchError, FetchTooLarge
from kit.net.messages import FetchLimits, HttpRequest, HttpResponse
from kit.net.urls import HttpUrl, UrlRefused, read_url
from services.video.domain.links import LinkedMedia, LinkFailure, Outcome, Reading
from services.video.links.platform import Item, Platform, Strategy, astray, changed, refusal
from services.video.links.results import checked
from services.video.links.router import successor

LIMITS: Final = FetchLimits(total_s=8.0, max_bytes=4 * 1024 * 1024)
MAX_HOPS: Final = 5
# Two requests read the most demanding platform.
_MAX_REQUESTS = 4
# Another way to the same post would be told the same, or would make it worse.
_FINAL = frozenset({Outcome.GONE, Outcome.LIMITED, Outcome.KIND_UNSUPPORTED})
# Of several failures, the one that tells most.
_MOST_TELLING = (Outcome.GATED, Outcome.CHANGED, Outcome.UNREACHABLE)


class Web(Protocol):
    """What makes requests; the fetcher of the kit."""

    async def request(self, request: HttpRequest, *, limits: FetchLimits) -> HttpResponse:
        """One request, redirects not followed. Raises FetchError."""
        ...

    async def aclose(self) -> None: ...


class Chain:
    """Reads posts. `note_way` is told what came of each way that was tried."""

    def __init__(self, web: Web, note_way: Callable[[Platform, str, Reading], None]) -> None:
        self._web = web
        self._note_way = note_way

    async def read(self, platform: Platform, link: HttpUrl) -> Reading:
        """What lies behind a link of the platform."""
        target = await self._target(platform, link)
        if isinstance(target, LinkFailure):
            return target
        platform, item = target
        failures: list[LinkFailure] = []
        for way in platform.ways(item):
            reading = checked(await self._run(way.strategy))
            self._note_way(platform, way.name, reading)
            if isinstance(reading, LinkedMedia) or reading.outcome in _FINAL:
                return reading
            failures.append(reading)
        return min(failures, key=lambda failure: _MOST_TELLING.index(failure.outcome))

    async def _target(self, platform: Platform, link: HttpUrl) -> tuple[Platform, Item] | LinkFailure:
        """The post of a link. Only hosts of the platform are asked, whatever a redirect says."""
        for hop in range(MAX_HOPS + 1):
            item = platform.find(link)
            if item is not None:
                return platform, item
            request = platform.short_request(link)
            if request is None:
                return _no_post(link) if hop else LinkFailure(Outcome.KIND_UNSUPPORTED, "not a post")
            reply = await self._ask(request)
            if isinstance(reply, LinkFailure):
                return reply
            if not reply.location:
                return refusal(reply) or changed("a short link that leads nowhere")
            try:
                link = read_url(reply.location)
            except UrlRefused:
                return changed("a short link that leads to no URL")
            found = successor(platform, link)
            if found is None:
                return _no_post(link)
            platform = found
        return changed("too many redirects")

    async def _run(self, strategy: Strategy) -> Reading:
        # Pages may be large: reading them must not keep the event loop.
        step = await asyncio.to_thread(_advance, strategy, None)
        for _ in range(_MAX_REQUESTS):
            if not isinstance(step, HttpRequest):
                return step
            reply = await self._ask(step)
            if isinstance(reply, LinkFailure):
                return reply
            step = await asyncio.to_thread(_advance, strategy, reply)
        return changed("too many requests") if isinstance(step, HttpRequest) else step

    async def _ask(self, request: HttpRequest) -> HttpResponse | LinkFailure:
        try:
            return await self._web.request(request, limits=LIMITS)
        except FetchTooLarge:
            return changed("the reply is too large")
        except FetchError as error:
            return LinkFailure(Outcome.UNREACHABLE, type(error).__name__)


def _advance(strategy: Strategy, reply: HttpResponse | None) -> HttpRequest | Reading:
    """The next request of a strategy, or what it read in the end."""
    try:
        return next(strategy) if reply is None else strategy.send(reply)
    except StopIteration as end:
        reading: Reading = end.value
        return reading


def _no_post(link: HttpUrl) -> LinkFailure:
    failure = astray(str(link))
    if failure.outcome is Outcome.CHANGED:
        return LinkFailure(Outcome.KIND_UNSUPPORTED, "a short link that leads to no post")
    return failure
