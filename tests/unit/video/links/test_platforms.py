"""Each platform's synthetic pages: what is read of them, and what of two thousand damaged ones."""

from __future__ import annotations

import copy
import json
import random
from collections.abc import Iterator
from typing import Any

import pytest

from kit.net.messages import HttpRequest
from kit.net.urls import read_url
from services.video.domain.links import LinkedMedia, LinkFailure, Outcome, Reading
from services.video.links.chain import Chain
from services.video.links.platform import Platform, Strategy
from services.video.links.results import absolute, checked
from services.video.links.router import PLATFORMS, platform_of
from tests.unit.video.links.synthetic.all import CASES
from tests.unit.video.links.synthetic.case import Case, Reply, reply_to
from tests.unit.video.links.web import FakeWeb

MUTATIONS = 2000
NAMED = [pytest.param(key, case, id=f"{key}-{case.name}") for key, cases in CASES.items() for case in cases]
_ODD: tuple[Any, ...] = (
    None,
    True,
    0,
    -1,
    10**30,
    1.5,
    "",
    "x",
    "//",
    "http://[",
    "javascript:x",
    [],
    {},
    [None],
    "\ud800",
)


def test_every_platform_has_pages() -> None:
    assert list(CASES) == list(PLATFORMS)
    assert all(len(cases) >= 5 for cases in CASES.values())


@pytest.mark.parametrize(("key", "case"), NAMED)
async def test_what_is_read(key: str, case: Case) -> None:
    link = read_url(case.link)
    assert platform_of(link) is PLATFORMS[key]
    reading = await Chain(FakeWeb(case.replies), lambda *_: None).read(PLATFORMS[key], link)
    if isinstance(case.expected, Outcome):
        assert isinstance(reading, LinkFailure), reading
        assert reading.outcome is case.expected
    else:
        assert reading == case.expected


@pytest.mark.parametrize("key", PLATFORMS)
def test_damaged_pages_are_read_or_refused(key: str) -> None:
    rng = random.Random(f"links {key}")
    platform = PLATFORMS[key]
    read = 0
    for _ in range(MUTATIONS):
        case = rng.choice(CASES[key])
        for reading in _readings(platform, case, rng):
            _check(reading)
            read += isinstance(reading, LinkedMedia)
    # Not everything may be refused, or else nothing would have been checked.
    assert read > MUTATIONS / 100


def _readings(platform: Platform, case: Case, rng: random.Random) -> Iterator[Reading]:
    item = platform.find(read_url(case.link))
    if item is None:
        return
    for way in platform.ways(item):
        yield checked(_driven(way.strategy, case, rng))


def _driven(strategy: Strategy, case: Case, rng: random.Random) -> Reading:
    """What a strategy reads of damaged replies."""
    try:
        request: HttpRequest = next(strategy)
        while True:
            reply = reply_to(case.replies, request.url)
            request = strategy.send(reply.to(request.url, _damaged(reply, rng)))
    except StopIteration as end:
        reading: Reading = end.value
        return reading


def _damaged(reply: Reply, rng: random.Random) -> bytes:
    value = json.loads(json.dumps(reply.value))
    for _ in range(rng.choice((1, 1, 1, 2, 5))):
        value = _mutated(value, rng)
    body = reply.body_of(value)
    if rng.random() < 0.15 and body:
        at = rng.randrange(len(body))
        body = rng.choice((body[:at], body[:at] + rng.randbytes(3) + body[at + 3 :], body[:at] + body[:at]))
    return body


def _mutated(value: Any, rng: random.Random) -> Any:
    """The value with one random node deleted, renamed or replaced."""
    places = list(_places(value))
    if not places:
        return _odd(rng)
    holder, key = rng.choice(places)
    change = rng.randrange(3)
    if change == 0:
        del holder[key]
    elif change == 1 and isinstance(holder, dict):
        holder[f"{key}x"] = holder.pop(key)
    else:
        holder[key] = _odd(rng)
    return value


def _odd(rng: random.Random) -> Any:
    """A value of its own: the next mutation may change it."""
    return copy.copy(rng.choice(_ODD))


def _places(value: Any) -> Iterator[tuple[Any, Any]]:
    waiting = [value]
    while waiting:
        holder = waiting.pop()
        pairs = holder.items() if isinstance(holder, dict) else enumerate(holder) if isinstance(holder, list) else ()
        for key, inner in list(pairs):
            yield holder, key
            waiting.append(inner)


def _check(reading: Reading) -> None:
    """What every reading must be."""
    if isinstance(reading, LinkFailure):
        assert reading.outcome in Outcome
        return
    assert bool(reading.video_url) != bool(reading.images)
    urls = [reading.video_url, reading.cover_url, reading.music_url, reading.author.avatar_url]
    urls += [url for image in reading.images for url in (image.url, image.live_photo_url)]
    assert all(url == "" or (absolute(url) == url and url.startswith("http")) for url in urls)
    texts = [reading.title, reading.author.uid, reading.author.display_name, *urls]
    # Half a character could not be sent.
    assert all(isinstance(text, str) and text.encode() is not None for text in texts)
    assert len(reading.title) <= 1000
