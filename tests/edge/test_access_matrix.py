"""Every endpoint of the table against everybody who may knock: who is turned away, and with what."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import pytest_asyncio

from edge.config import RateSettings
from edge.endpoint import Access, Dialect, Endpoint, StreamingEndpoint
from edge.routes import ENDPOINTS
from kit.clock import SystemClock
from tests.edge.platform import Platform, open_platform
from tests.fakes.tokens import FakeTokens
from tests.polling import eventually
from voxreel.common.v1.identity_events_pb2 import UserAccessRevoked

AnyEndpoint = Endpoint[Any] | StreamingEndpoint[Any]
_TEXT = {Dialect.PLATFORM: "detail", Dialect.DUBBING: "message", Dialect.LINKS: "msg"}
_PATH_FIELD = re.compile(r"{\w+}")
# No object of the fakes has it, and it is both a number and a text.
_NO_OBJECT = "987654321"
_FROZEN_ID, _DELETED_ID = 501, 502


@dataclass(frozen=True, slots=True)
class Answer:
    """What somebody reads; `None` for whoever is let in."""

    status: int
    detail: str


_LET_IN = None
_NO_TOKEN = Answer(401, "未登录")
_BAD_TOKEN = Answer(401, "令牌无效")
_EXPIRED = Answer(401, "登录已过期，请重新登录")
_FROZEN = Answer(403, "账号已被冻结")
_NO_ADMIN = Answer(403, "需要管理员权限")

# Who knocks, and what the three classes of endpoints say: public, user, admin.
MATRIX: Mapping[str, tuple[Answer | None, Answer | None, Answer | None]] = {
    "nobody": (_LET_IN, _NO_TOKEN, _NO_TOKEN),
    "broken token": (_LET_IN, _BAD_TOKEN, _BAD_TOKEN),
    "another scheme": (_LET_IN, _BAD_TOKEN, _BAD_TOKEN),
    "a stranger's signature": (_LET_IN, _BAD_TOKEN, _BAD_TOKEN),
    "refresh token": (_LET_IN, _BAD_TOKEN, _BAD_TOKEN),
    "expired token": (_LET_IN, _EXPIRED, _EXPIRED),
    "expired admin": (_LET_IN, _EXPIRED, _EXPIRED),
    "deleted user": (_LET_IN, _EXPIRED, _EXPIRED),
    "frozen user": (_LET_IN, _FROZEN, _FROZEN),
    "frozen admin": (_LET_IN, _FROZEN, _FROZEN),
    "user": (_LET_IN, _LET_IN, _NO_ADMIN),
    "admin": (_LET_IN, _LET_IN, _LET_IN),
}
_COLUMN = {Access.PUBLIC: 0, Access.USER: 1, Access.ADMIN: 2}


@dataclass(frozen=True, slots=True)
class Door:
    """One platform for all, and everybody's header."""

    platform: Platform
    headers: Mapping[str, dict[str, str]]


def _bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


def _headers(platform: Platform) -> dict[str, dict[str, str]]:
    tokens = platform.tokens
    return {
        "nobody": {},
        "broken token": _bearer("not.a.token"),
        "another scheme": {"Authorization": "Basic dXNlcjpwYXNz"},
        "a stranger's signature": _bearer(FakeTokens(SystemClock()).issue(platform.admin.id, is_admin=True)),
        "refresh token": _bearer(tokens.issue(platform.admin.id, is_admin=True, token_type="refresh")),
        "expired token": _bearer(tokens.issue(platform.user.id, lifetime_s=-1)),
        "expired admin": _bearer(tokens.issue(platform.admin.id, is_admin=True, lifetime_s=-1)),
        "deleted user": _bearer(tokens.issue(_DELETED_ID)),
        "frozen user": _bearer(tokens.issue(_FROZEN_ID)),
        "frozen admin": _bearer(tokens.issue(_FROZEN_ID, is_admin=True)),
        "user": platform.bearer(),
        "admin": platform.bearer(platform.admin),
    }


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def door(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Door]:
    async with open_platform(tmp_path_factory.mktemp("door"), rates=RateSettings(links_per_s=100)) as platform:
        headers = _headers(platform)
        for user_id, is_frozen in ((_FROZEN_ID, True), (_DELETED_ID, False)):
            revoked = UserAccessRevoked(user_id=user_id, is_frozen=is_frozen)
            revoked.not_before.FromDatetime(datetime.now(UTC) + timedelta(minutes=1))
            platform.keys.revocations.append(revoked)

        async def are_revoked() -> bool:
            for who in ("frozen user", "deleted user"):
                async with platform.client.get("/api/tasks/stats/summary", headers=headers[who]) as response:
                    if response.status == 200:
                        return False
            return True

        await eventually(are_revoked)
        yield Door(platform, headers)


@pytest.mark.asyncio(loop_scope="module")
@pytest.mark.parametrize("who", MATRIX)
@pytest.mark.parametrize("endpoint", ENDPOINTS, ids=lambda endpoint: f"{endpoint.method} {endpoint.path}")
async def test_who_is_let_in(door: Door, endpoint: AnyEndpoint, who: str) -> None:
    expected = MATRIX[who][_COLUMN[endpoint.access]]
    path = _PATH_FIELD.sub(_NO_OBJECT, endpoint.path)
    # An empty body: whoever is let in is told what it lacks, or that there is no such object.
    async with door.platform.client.request(endpoint.method, path, headers=door.headers[who], data=b"{}") as response:
        if expected is _LET_IN:
            is_without_engine = response.headers.get("X-Error-Reason") == "ENGINE_UNAVAILABLE"
            assert response.status in (200, 400, 404, 422) or is_without_engine, await response.text()
            return
        body = await response.json()
        assert Answer(response.status, body[_TEXT[endpoint.dialect]]) == expected
        assert ("WWW-Authenticate" in response.headers) is (response.status == 401)


def test_everybody_has_a_row() -> None:
    assert {endpoint.access for endpoint in ENDPOINTS} == _COLUMN.keys() == set(Access)
