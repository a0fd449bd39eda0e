"""How often a caller may call: the buckets by a clock that tests move, and what clients read when they are empty."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import pytest

from edge.config import RateSettings
from edge.endpoint import Dialect, Endpoint, NoInput, RateClass, StreamingEndpoint
from edge.errors import public_domain_error
from edge.rate_limits import BURST_S, TokenBuckets, caller_key, make_buckets
from edge.reply import error_reply
from edge.routes import ENDPOINTS
from kit.errors import RateLimited
from tests.edge.platform import Platform, open_platform
from tests.fakes.clock import FakeClock

LOGIN = "/api/user/login"
BODY = {"account": "testuser", "password": "password123"}
FEW = RateSettings(credentials_per_s=0.2, reads_per_s=0.3)


def _buckets(clock: FakeClock, per_s: float, *, callers_limit: int = 100) -> TokenBuckets:
    return TokenBuckets(per_s, monotonic=clock.monotonic, callers_limit=callers_limit)


def _taken(buckets: TokenBuckets, caller: int | str, most: int = 10_000) -> int:
    """How many calls are let through now."""
    for number in range(most):
        try:
            buckets.take(caller)
        except RateLimited:
            return number
    return most


@pytest.mark.parametrize("per_s", [0.1, 0.3, 1.0, 7.0, 50.0, 333.0])
def test_a_full_bucket_holds_ten_seconds_worth(per_s: float) -> None:
    assert _taken(_buckets(FakeClock(), per_s), 1) == max(1, math.floor(per_s * BURST_S + 1e-6))


@pytest.mark.parametrize("per_s", [0.5, 3.0, 20.0])
def test_it_fills_at_its_rate_and_not_above_the_brim(per_s: float) -> None:
    clock = FakeClock()
    buckets = _buckets(clock, per_s)
    brim = _taken(buckets, 1)
    clock.advance(4.0)
    assert _taken(buckets, 1) == int(4.0 * per_s)
    clock.advance(3600.0)
    assert _taken(buckets, 1) == brim


def test_the_delay_it_asks_for_is_the_right_one() -> None:
    clock = FakeClock()
    buckets = _buckets(clock, 0.25)
    _taken(buckets, 1)
    with pytest.raises(RateLimited) as refused:
        buckets.take(1)
    delay = refused.value.retry_after_s or 0.0
    assert delay == pytest.approx(2.0)  # ten seconds hold two and a half calls
    clock.advance(delay - 0.01)
    with pytest.raises(RateLimited):
        buckets.take(1)
    clock.advance(0.02)
    buckets.take(1)


def test_callers_do_not_share() -> None:
    buckets = _buckets(FakeClock(), 1.0)
    assert _taken(buckets, 1) == _taken(buckets, "1") == _taken(buckets, 2) == 10


def test_memory_is_bounded_and_the_longest_unseen_goes_first() -> None:
    buckets = _buckets(FakeClock(), 0.1, callers_limit=3)
    for caller in (1, 2, 3):
        buckets.take(caller)
    with pytest.raises(RateLimited):
        buckets.take(1)  # being refused counts as being seen
    for caller in (4, 5):
        buckets.take(caller)
    assert len(buckets) == 3
    with pytest.raises(RateLimited):
        buckets.take(1)
    buckets.take(2)


@pytest.mark.parametrize(
    ("one", "other", "is_same"),
    [
        ("192.0.2.1", "192.0.2.2", False),
        ("2001:db8:1:2::1", "2001:db8:1:2:ffff::9", True),
        ("2001:db8:1:2::1", "2001:db8:1:3::1", False),
        ("::ffff:192.0.2.1", "192.0.2.1", True),
        ("fe80::1%eth0", "fe80::2", True),
        ("not:an:address", "not:an:address", True),
        ("", "", True),
    ],
)
def test_whose_bucket_an_address_has(one: str, other: str, is_same: bool) -> None:
    assert (caller_key(None, one) == caller_key(None, other)) is is_same


def test_every_class_has_buckets_and_endpoints() -> None:
    assert make_buckets(RateSettings(), FakeClock()).keys() == set(RateClass)
    assert {endpoint.rate_class for endpoint in ENDPOINTS} == set(RateClass)


def test_what_is_expensive_is_not_a_plain_write() -> None:
    by_key: dict[tuple[str, str], Endpoint[Any] | StreamingEndpoint[Any]] = {
        (endpoint.method, endpoint.path): endpoint for endpoint in ENDPOINTS
    }
    for endpoint in ENDPOINTS:
        if "password" in endpoint.input.model_fields or "new_password" in endpoint.input.model_fields:
            assert endpoint.rate_class is RateClass.CREDENTIALS, endpoint.path
        if isinstance(endpoint, StreamingEndpoint) and endpoint.multipart_field is not None:
            assert endpoint.rate_class in (RateClass.UPLOAD, RateClass.TASK), endpoint.path
        if endpoint.method == "GET":
            # One of them writes.
            assert endpoint.rate_class is (RateClass.WRITE if endpoint.is_keyed else RateClass.READ), endpoint.path
    assert by_key[("POST", "/api/tts/synthesize")].rate_class is RateClass.TASK
    assert by_key[("POST", "/api/cards/activate")].rate_class is RateClass.WRITE
    assert by_key[("GET", "/api/user/profile")].input is NoInput


async def test_strangers_are_limited_by_address_and_users_by_account(tmp_path: Path) -> None:
    async with open_platform(tmp_path, rates=FEW, trusted_proxies=1) as platform:
        here, there = {"X-Forwarded-For": "192.0.2.1"}, {"X-Forwarded-For": "192.0.2.2"}
        assert [await _login(platform, here) for _ in range(3)] == [(200, ""), (200, ""), (429, "5")]
        assert (await _login(platform, there))[0] == 200
        assert (await _login(platform, here | platform.bearer()))[0] == 200
        assert len([name for name, _ in platform.auth.refusals.calls if name == "Login"]) == 4
        # Another class of endpoints has buckets of its own.
        reads = [await _status(platform, "/api/user/profile", here | platform.bearer()) for _ in range(4)]
        assert reads == [200, 200, 200, 429]
        assert await _status(platform, "/api/user/profile", here | platform.bearer(platform.admin)) == 200


async def test_bad_tokens_empty_the_bucket_of_their_address(tmp_path: Path) -> None:
    async with open_platform(tmp_path, rates=FEW) as platform:
        statuses = [await _status(platform, "/api/user/profile", {"Authorization": f"Bearer {n}"}) for n in range(4)]
        assert statuses == [401, 401, 401, 429]
        assert await _status(platform, "/api/user/profile", platform.bearer()) == 200


async def test_the_reply_tells_when_to_come_back(tmp_path: Path) -> None:
    async with open_platform(tmp_path, rates=FEW) as platform:
        for _ in range(2):
            await _login(platform, {})
        async with platform.client.post(LOGIN, json=BODY) as response:
            assert (response.status, await response.json()) == (429, {"detail": "请求过于频繁，请稍后重试"})
            assert response.headers["X-Error-Reason"] == "TOO_MANY_REQUESTS"
            assert len(response.headers["X-Request-Id"]) == 32


def test_the_dubbing_dialect_says_it_with_a_documented_code() -> None:
    buckets = _buckets(FakeClock(), 0.1)
    buckets.take(1)
    with pytest.raises(RateLimited) as refused:
        buckets.take(1)
    reply = error_reply(public_domain_error(refused.value, Dialect.DUBBING), Dialect.DUBBING, str)
    assert (reply.status, reply.headers["Retry-After"]) == (400, "10")


async def _login(platform: Platform, headers: dict[str, str]) -> tuple[int, str]:
    async with platform.client.post(LOGIN, json=BODY, headers=headers) as response:
        return response.status, response.headers.get("Retry-After", "")


async def _status(platform: Platform, path: str, headers: dict[str, str]) -> int:
    async with platform.client.get(path, headers=headers) as response:
        return response.status
