"""From a link to a reading: short links, ways tried in order, and what is remembered of platforms."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from contextlib import aclosing
from dataclasses import replace

import pytest

from kit.net.errors import FetchBroken, FetchRefused, FetchTimeout, FetchTooLarge
from kit.net.fetcher import Fetcher
from kit.net.messages import FetchLimits, HttpRequest, HttpResponse
from kit.net.urls import read_url
from services.video.domain.links import LinkedMedia, LinkFailure, Outcome, PlatformState, Reading
from services.video.links.chain import MAX_HOPS
from services.video.links.health import LIMITED_PAUSE_S, UNREACHABLE_PAUSE_S, UNREACHABLE_TIMES
from services.video.links.memory import GONE_S, MEDIA_S, ReadingMemory
from services.video.links.reader import WebPageReader
from tests.fakes.clock import FakeClock
from tests.polling import eventually
from tests.unit.video.links.synthetic import douyin, kuaishou, xigua
from tests.unit.video.links.synthetic.case import GONE_REPLY, Case, Reply, reply_to
from tests.unit.video.links.web import FakeWeb

SHORT = "https://v.douyin.com/iXxx123/"


class World:
    """A reader, its web and its time."""

    def __init__(self, replies: dict[str, Reply]) -> None:
        self.web = FakeWeb(replies)
        self.clock = FakeClock()
        self.reader = WebPageReader(self.web, self.clock)

    async def read(self, link: str, *, timeout_s: float = 5.0) -> Reading:
        return await self.reader.read(read_url(link), timeout_s=timeout_s)

    async def outcome(self, link: str) -> Outcome | None:
        reading = await self.read(link)
        return reading.outcome if isinstance(reading, LinkFailure) else None

    def state(self, key: str) -> PlatformState:
        return next(each for each in self.reader.platforms() if each.key == key)


def _to(location: str) -> Reply:
    return Reply(status=302, location=location)


async def test_a_short_link_is_followed_by_hand() -> None:
    target = f"https://www.iesdouyin.com/share/video/{douyin.ID}/?region=CN&mid=1"
    world = World({SHORT: _to(target), douyin.DETAILS: douyin.details(douyin.video())})
    assert await world.read("http://v.douyin.com/iXxx123/?from=evil") == douyin.FOUND
    assert world.web.urls == [SHORT, f"{douyin.DETAILS}?aweme_ids=%5B{douyin.ID}%5D"]
    assert all("Cookie" not in request.headers for request in world.web.asked)


async def test_a_short_link_may_lead_to_a_sister_platform() -> None:
    world = World({SHORT: _to(xigua.LINK), xigua.SHARE: douyin.page(douyin.video())})
    assert await world.read(SHORT) == douyin.FOUND
    assert world.web.urls[1].startswith(xigua.SHARE)


@pytest.mark.parametrize(
    ("location", "outcome"),
    [
        ("https://127.0.0.1/video/7300000000000000001", Outcome.KIND_UNSUPPORTED),
        ("http://[::ffff:10.0.0.1]/x", Outcome.KIND_UNSUPPORTED),
        ("http://100.64.0.1/x", Outcome.KIND_UNSUPPORTED),
        ("https://evil.tld/share/video/7300000000000000001/", Outcome.KIND_UNSUPPORTED),
        ("https://www.bilibili.com/video/BV1xx411c7mD", Outcome.KIND_UNSUPPORTED),
        ("https://www.douyin.com:8443/video/7300000000000000001", Outcome.KIND_UNSUPPORTED),
        ("https://www.douyin.com/user/x", Outcome.KIND_UNSUPPORTED),
        ("https://www.douyin.com/", Outcome.GONE),
        ("https://www.douyin.com/404", Outcome.GONE),
        ("https://sso.douyin.com/login?next=x", Outcome.GATED),
        ("", Outcome.CHANGED),
    ],
)
async def test_a_short_link_that_leads_astray_is_not_followed(location: str, outcome: Outcome) -> None:
    world = World({SHORT: _to(location)})
    assert await world.outcome(SHORT) is outcome
    assert world.web.urls == [SHORT]


async def test_a_short_link_that_leads_to_itself_ends() -> None:
    world = World({SHORT: _to(SHORT)})
    assert await world.outcome(SHORT) is Outcome.CHANGED
    assert len(world.web.urls) == MAX_HOPS + 1


@pytest.mark.parametrize(
    ("status", "outcome"),
    [
        (404, Outcome.GONE),
        (200, Outcome.CHANGED),
        (403, Outcome.GATED),
        (429, Outcome.LIMITED),
        (502, Outcome.UNREACHABLE),
    ],
)
async def test_a_short_link_that_is_not_answered_with_a_redirect(status: int, outcome: Outcome) -> None:
    assert await World({SHORT: Reply(status=status)}).outcome(SHORT) is outcome


async def test_a_changed_page_is_followed_by_the_next_way_and_shown() -> None:
    world = World({douyin.DETAILS: Reply({}), douyin.PAGE: douyin.page(douyin.video())})
    assert await world.read(douyin.LINK) == douyin.FOUND
    assert [url.split("?")[0] for url in world.web.urls] == [douyin.DETAILS, f"{douyin.PAGE}video/{douyin.ID}/"]
    assert world.state("douyin").changed_ways == ("details",)
    assert world.state("douyin").counts == {"read": 1}


async def test_a_way_that_works_again_is_no_longer_shown() -> None:
    world = World({douyin.DETAILS: Reply({}), douyin.PAGE: douyin.page(douyin.video())})
    await world.read(douyin.LINK)
    world.web.replies[douyin.DETAILS] = douyin.details(douyin.video())
    world.clock.advance(MEDIA_S)
    await world.read(douyin.LINK)
    assert world.state("douyin").changed_ways == ()


async def test_what_is_gone_is_asked_for_once() -> None:
    world = World({douyin.DETAILS: GONE_REPLY, douyin.PAGE: douyin.page(douyin.video())})
    assert await world.outcome(douyin.LINK) is Outcome.GONE
    assert len(world.web.urls) == 1


@pytest.mark.parametrize(
    ("error", "outcome"),
    [
        (FetchTimeout("x"), Outcome.UNREACHABLE),
        (FetchBroken("x"), Outcome.UNREACHABLE),
        (FetchRefused("x"), Outcome.UNREACHABLE),
        (FetchTooLarge("x"), Outcome.CHANGED),
    ],
)
async def test_a_fetch_that_fails_is_followed_by_the_next_way(error: Exception, outcome: Outcome) -> None:
    world = World({douyin.PAGE: douyin.page(douyin.video())})
    assert isinstance(error, FetchTimeout | FetchBroken | FetchRefused | FetchTooLarge)
    world.web.errors[douyin.DETAILS] = error
    assert await world.read(douyin.LINK) == douyin.FOUND
    world.web.errors[douyin.PAGE] = error
    world.clock.advance(MEDIA_S)
    assert await world.outcome(douyin.LINK) is outcome


async def test_the_most_telling_failure_is_told() -> None:
    world = World({kuaishou.PAGE: kuaishou.state(2001, None)})
    assert await world.outcome(kuaishou.LINK) is Outcome.GATED
    # The desktop page did not answer, which says less.
    assert len(world.web.urls) == 3


class SlowWeb(FakeWeb):
    """Answers when it is let."""

    def __init__(self, replies: dict[str, Reply]) -> None:
        super().__init__(replies)
        self.is_let = asyncio.Event()

    async def request(self, request: HttpRequest, *, limits: FetchLimits) -> HttpResponse:
        self.asked.append(request)
        await self.is_let.wait()
        reply = reply_to(self.replies, request.url)
        return reply.to(request.url, reply.body())


async def test_the_time_bounds_everything() -> None:
    reader = WebPageReader(SlowWeb({}), FakeClock())
    reading = await reader.read(read_url(douyin.LINK), timeout_s=0.02)
    assert isinstance(reading, LinkFailure) and reading.outcome is Outcome.UNREACHABLE
    assert next(iter(reader.platforms())).counts == {"unreachable": 1}


async def test_many_who_share_a_link_ask_for_it_once_in_a_lane() -> None:
    web = SlowWeb({douyin.DETAILS: douyin.details(douyin.video())})
    reader = WebPageReader(web, FakeClock())
    async with asyncio.TaskGroup() as group:
        readings = [group.create_task(reader.read(read_url(douyin.LINK), timeout_s=5)) for _ in range(50)]
        await eventually(lambda: len(web.asked) >= 4)
        web.is_let.set()
    assert all(each.result() == douyin.FOUND for each in readings)
    assert len(web.asked) == 4


async def test_waiting_in_vain_does_not_count_against_the_platform() -> None:
    web = SlowWeb({douyin.DETAILS: douyin.details(douyin.video())})
    reader = WebPageReader(web, FakeClock())
    async with asyncio.TaskGroup() as group:
        for _ in range(4):
            group.create_task(reader.read(read_url(douyin.LINK), timeout_s=5))
        await eventually(lambda: len(web.asked) == 4)
        reading = await reader.read(read_url(douyin.NOTE), timeout_s=0.02)
        web.is_let.set()
    assert isinstance(reading, LinkFailure) and reading.outcome is Outcome.LIMITED
    assert next(iter(reader.platforms())).counts == {"read": 4}


async def test_a_platform_whose_name_leads_inside_is_not_connected_to() -> None:
    async def poisoned(_name: str) -> Sequence[str]:
        return ("10.0.0.1",)

    reader = WebPageReader(Fetcher(resolve=poisoned), FakeClock())
    async with aclosing(reader):
        reading = await reader.read(read_url(douyin.LINK), timeout_s=5)
    assert reading == LinkFailure(Outcome.UNREACHABLE, "FetchRefused")


@pytest.mark.parametrize(
    ("replies", "lifetime_s"),
    [({douyin.DETAILS: douyin.details(douyin.video())}, MEDIA_S), ({douyin.DETAILS: GONE_REPLY}, GONE_S)],
)
async def test_readings_are_remembered_for_a_while(replies: dict[str, Reply], lifetime_s: float) -> None:
    world = World(replies)
    first = await world.read(douyin.LINK)
    world.clock.advance(lifetime_s - 1)
    assert await world.read(f"{douyin.LINK}?other=query") == first
    assert len(world.web.urls) == 1
    world.clock.advance(1)
    assert await world.read(douyin.LINK) == first
    assert len(world.web.urls) == 2


async def test_a_short_link_is_remembered_too() -> None:
    world = World({SHORT: _to(douyin.LINK), douyin.DETAILS: douyin.details(douyin.video())})
    for _ in range(3):
        await world.read(SHORT)
    assert len(world.web.urls) == 2


async def test_failures_that_may_pass_are_not_remembered() -> None:
    world = World({douyin.DETAILS: Reply({}), douyin.PAGE: Reply({})})
    await world.read(douyin.LINK)
    world.web.replies[douyin.DETAILS] = douyin.details(douyin.video())
    assert await world.read(douyin.LINK) == douyin.FOUND


def test_memory_is_bounded() -> None:
    memory = ReadingMemory(FakeClock().monotonic, capacity=2)
    for key in range(3):
        memory.keep(key, replace(douyin.FOUND, title=str(key)))
    assert memory.find(0) is None
    assert [isinstance(memory.find(key), LinkedMedia) for key in (1, 2)] == [True, True]


async def test_a_platform_that_limits_is_left_alone() -> None:
    world = World({douyin.DETAILS: Reply(status=429)})
    reading = await world.read(douyin.LINK)
    assert isinstance(reading, LinkFailure)
    assert (reading.outcome, reading.retry_after_s) == (Outcome.LIMITED, LIMITED_PAUSE_S)
    world.clock.advance(LIMITED_PAUSE_S - 5)
    reading = await world.read(douyin.NOTE)
    assert isinstance(reading, LinkFailure) and reading.retry_after_s == pytest.approx(5)
    assert len(world.web.urls) == 1
    # Others are asked meanwhile.
    world.web.replies[kuaishou.PAGE] = kuaishou.state(1, kuaishou.photo())
    assert await world.read(kuaishou.LINK) == kuaishou.FOUND
    world.clock.advance(5)
    world.web.replies[douyin.DETAILS] = douyin.details(douyin.video())
    assert await world.read(douyin.LINK) == douyin.FOUND


async def test_a_platform_that_does_not_answer_is_left_alone_after_some_times() -> None:
    world = World({})
    for number in range(UNREACHABLE_TIMES):
        assert await world.outcome(f"https://www.douyin.com/video/730000000000000000{number}") is Outcome.UNREACHABLE
    asked = len(world.web.urls)
    assert await world.outcome(douyin.LINK) is Outcome.LIMITED
    assert len(world.web.urls) == asked
    state = world.state("douyin")
    assert (state.last_outcome, state.paused_s) == ("unreachable", UNREACHABLE_PAUSE_S)


async def test_platforms_as_administrators_see_them() -> None:
    world = World({douyin.DETAILS: douyin.details(douyin.video())})
    assert world.state("douyin").last_outcome == ""
    await world.read(douyin.LINK)
    read_at = world.clock.now()
    world.clock.advance(10)
    world.web.replies[douyin.DETAILS] = GONE_REPLY
    await world.read(douyin.NOTE)
    state = world.state("douyin")
    # The same number as a note is the same post to nobody.
    assert (state.counts, state.last_outcome, state.last_read_at) == ({"read": 1, "gone": 1}, "gone", read_at)
    assert state.label == "抖音"


@pytest.mark.parametrize(
    "case", [each for each in douyin.CASES if isinstance(each.expected, LinkedMedia)], ids=lambda case: case.name
)
async def test_requests_are_made_of_checked_parts(case: Case) -> None:
    world = World(dict(case.replies))
    await world.read(case.link + "?x=%0d%0aHost:evil&<script>")
    assert all("evil" not in url and "script" not in url for url in world.web.urls)
