"""What clients read when something is wrong: every row of the error table, in both dialects."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping

import pytest
import pytest_asyncio

from edge.endpoint import Dialect
from edge.errors import (
    INTERNAL_MESSAGE,
    ROWS,
    body_too_large,
    no_route,
    public_bug,
    public_domain_error,
    public_refusal,
    shape_error,
    wrong_method,
)
from kit.errors import (
    AlreadyExists,
    Conflict,
    DeadlineExceeded,
    DomainError,
    Forbidden,
    InsufficientCredits,
    Internal,
    Invalid,
    NotFound,
    Precondition,
    RateLimited,
    Reason,
    TooLarge,
    Unauthenticated,
    Unavailable,
    Unimplemented,
)
from tests.edge.platform import Platform, open_platform
from voxreel.common.v1 import error_reason_pb2 as reasons

DUBBING_CODES = {400, 401, 402, 403, 404, 500}
MESSAGE = "服务给客户的说明"

# Reason, kind, platform status, dubbing code: design of the two dialects.
EXPECTED: tuple[tuple[str, type[DomainError], int, int], ...] = (
    ("FIELD_INVALID", Invalid, 400, 400),
    ("IDEMPOTENCY_KEY_REUSED", Invalid, 400, 400),
    ("FILE_TYPE_UNSUPPORTED", Invalid, 400, 400),
    ("FILE_TOO_LARGE", TooLarge, 413, 400),
    ("FILE_CONTENT_MISMATCH", Invalid, 400, 400),
    ("VOICE_UNKNOWN", Invalid, 400, 400),
    ("AUDIO_FORMAT_UNSUPPORTED", Invalid, 400, 400),
    ("TEXT_NOT_SPEAKABLE", Invalid, 400, 400),
    ("PASSWORD_MISMATCH", Invalid, 400, 400),
    ("TOKEN_MISSING", Unauthenticated, 401, 401),
    ("TOKEN_INVALID", Unauthenticated, 401, 401),
    ("TOKEN_EXPIRED", Unauthenticated, 401, 401),
    ("CREDENTIALS_INVALID", Unauthenticated, 401, 401),
    ("REFRESH_TOKEN_INVALID", Unauthenticated, 401, 401),
    ("ADMIN_REQUIRED", Forbidden, 403, 403),
    ("ACCOUNT_FROZEN", Forbidden, 403, 403),
    ("INTERNAL_ONLY", Forbidden, 500, 500),
    ("METHOD_NOT_LISTED", Forbidden, 500, 500),
    ("USER_NOT_FOUND", NotFound, 404, 404),
    ("TASK_NOT_FOUND", NotFound, 404, 404),
    ("FILE_NOT_FOUND", NotFound, 404, 404),
    ("HOLD_NOT_FOUND", NotFound, 404, 404),
    ("FEATURE_NOT_FOUND", NotFound, 404, 404),
    ("UPLOAD_NOT_FOUND", NotFound, 404, 404),
    ("PACKAGE_NOT_FOUND", NotFound, 404, 404),
    ("CARD_NOT_FOUND", NotFound, 404, 404),
    ("CARD_BATCH_NOT_FOUND", NotFound, 404, 404),
    ("ACCOUNT_TAKEN", AlreadyExists, 409, 400),
    ("HOLD_SETTLED", Precondition, 400, 400),
    ("PASSWORD_WRONG", Precondition, 400, 400),
    ("CREDITS_LIMIT_EXCEEDED", Precondition, 400, 400),
    ("CARD_USED", Precondition, 400, 400),
    ("CARD_EXPIRED", Precondition, 400, 400),
    ("CARD_DISABLED", Precondition, 400, 400),
    ("INVITE_CODE_NOT_FOUND", NotFound, 404, 404),
    ("INVITE_CODE_USED", Precondition, 400, 400),
    ("INVITE_CODE_EXPIRED", Precondition, 400, 400),
    ("BALANCE_TOO_LOW", Precondition, 400, 400),
    ("CONCURRENT_UPDATE", Conflict, 409, 400),
    ("TOO_MANY_REQUESTS", RateLimited, 429, 400),
    ("QUEUE_FULL", RateLimited, 429, 400),
    ("SERVICE_UNAVAILABLE", Unavailable, 503, 500),
    ("ENGINE_UNAVAILABLE", Unavailable, 503, 500),
    ("DEADLINE_EXCEEDED", DeadlineExceeded, 504, 500),
    ("STORAGE_FULL", Unavailable, 507, 500),
    ("ENGINE_FAILED", Unavailable, 503, 500),
    ("ATTEMPTS_EXHAUSTED", Unavailable, 503, 500),
    ("PROVIDER_TIMED_OUT", Unavailable, 503, 500),
    ("PROVIDER_RESULT_LOST", Unavailable, 503, 500),
    ("PROVIDER_ORDER_IN_DOUBT", Unavailable, 503, 500),
    ("NOT_ACCEPTED", Unavailable, 503, 500),
    ("NOT_IMPLEMENTED", Unimplemented, 501, 500),
    ("MATERIAL_NOT_FOUND", NotFound, 404, 404),
    ("LAST_ADMIN", Precondition, 400, 400),
    ("MATERIALS_FULL", Precondition, 400, 400),
    ("SEARCH_TOO_WIDE", Precondition, 400, 400),
    ("PACKAGE_KEY_TAKEN", AlreadyExists, 409, 400),
    ("PACKAGES_LIMIT_EXCEEDED", Precondition, 400, 400),
    ("FILE_LINK_INVALID", Forbidden, 403, 403),
    ("FILE_LINK_EXPIRED", Forbidden, 403, 403),
    ("TASK_FINISHED", Precondition, 400, 400),
    ("LINK_UNSUPPORTED", Invalid, 400, 400),
    ("VOICE_NOT_FOUND", NotFound, 404, 404),
    ("PHONE_CODE_INVALID", Unauthenticated, 401, 401),
    ("SMS_UNAVAILABLE", Unavailable, 503, 500),
    ("LINK_MISSING", Invalid, 400, 400),
    ("LINK_GONE", NotFound, 404, 404),
    ("LINK_GATED", Forbidden, 403, 403),
    ("LINK_PLATFORM_LIMITED", Unavailable, 503, 500),
    ("LINK_PAGE_CHANGED", Unavailable, 503, 500),
    ("LINK_PLATFORM_UNREACHABLE", Unavailable, 503, 500),
    ("LINK_KIND_UNSUPPORTED", Invalid, 400, 400),
    ("VOICE_TEMPLATE_NOT_FOUND", NotFound, 404, 404),
    ("CUSTOM_VOICE_NOT_FOUND", NotFound, 404, 404),
    ("HISTORY_NOT_FOUND", NotFound, 404, 404),
    ("AUDIO_INVALID", Invalid, 400, 400),
    ("CUSTOM_VOICES_FULL", Precondition, 400, 400),
    ("EMOTION_REFERENCE_NOT_FOUND", NotFound, 404, 404),
    ("EMOTION_REFERENCES_FULL", Precondition, 400, 400),
    ("PROVIDER_REFUSED", Invalid, 400, 400),
    ("AUDIO_TRACK_MISSING", Invalid, 400, 400),
    ("MEDIA_BROKEN", Invalid, 400, 400),
    ("AUDIO_EMPTY", Invalid, 400, 400),
    ("AUDIO_TOO_LONG", Invalid, 400, 400),
    ("TASK_WITHOUT_RESULT", Precondition, 400, 400),
    ("SAMPLE_TOO_SHORT", Invalid, 400, 400),
    ("SAMPLE_RATE_TOO_LOW", Invalid, 400, 400),
    ("SAMPLE_TOO_QUIET", Invalid, 400, 400),
    ("SAMPLE_CLIPPED", Invalid, 400, 400),
    ("SAMPLE_WITHOUT_SPEECH", Invalid, 400, 400),
    ("SAMPLE_MOSTLY_SILENT", Invalid, 400, 400),
    ("SAMPLE_UNREACHABLE", Invalid, 400, 400),
    ("VOICE_LOST", Precondition, 400, 400),
    ("SCREEN_NOT_FOUND", Invalid, 400, 400),
    ("WEBHOOKS_FULL", Precondition, 400, 400),
    ("WEBHOOK_NOT_FOUND", NotFound, 404, 404),
    ("WEBHOOK_URL_REFUSED", Invalid, 400, 400),
)


def _reason(name: str) -> Reason:
    return reasons.ErrorReason.Value(f"ERROR_REASON_{name}")


def test_every_reason_has_a_row() -> None:
    every = {value.number for value in reasons.ErrorReason.DESCRIPTOR.values} - {reasons.ERROR_REASON_UNSPECIFIED}
    assert set(ROWS) == every
    tested = {_reason(name) for name, *_ in EXPECTED}
    assert every - tested == {reasons.ERROR_REASON_CREDITS_INSUFFICIENT, reasons.ERROR_REASON_INTERNAL}


def test_dubbing_stays_within_its_documented_codes() -> None:
    assert {row.dubbing_code for row in ROWS.values()} <= DUBBING_CODES
    others = (
        public_refusal(shape_error("x"), Dialect.DUBBING),
        public_refusal(body_too_large(1), Dialect.DUBBING),
        public_bug(Dialect.DUBBING),
        no_route(Dialect.DUBBING),
        wrong_method(Dialect.DUBBING, "GET"),
    )
    assert {error.status for error in others} <= DUBBING_CODES


@pytest.mark.parametrize(("name", "kind", "platform_status", "dubbing_code"), EXPECTED)
def test_row(name: str, kind: type[DomainError], platform_status: int, dubbing_code: int) -> None:
    error = kind(_reason(name), MESSAGE)
    row = ROWS[error.reason]
    for dialect, status in ((Dialect.PLATFORM, platform_status), (Dialect.DUBBING, dubbing_code)):
        public = public_domain_error(error, dialect)
        assert (public.status, public.reason) == (status, name)
        assert public.message == (row.message or MESSAGE)


def test_too_little_credit_in_both_dialects() -> None:
    error = InsufficientCredits(required=10, available=3)
    assert public_domain_error(error, Dialect.PLATFORM).message.startswith("积分不足")
    dubbing = public_domain_error(error, Dialect.DUBBING)
    assert (dubbing.status, dubbing.message) == (402, "Insufficient credits. Required: 10, Available: 3")


@pytest.mark.parametrize(
    ("kind", "status"), [(NotFound, 404), (RateLimited, 429), (Unavailable, 503), (Forbidden, 403)]
)
def test_a_reason_of_a_newer_service_is_judged_by_its_kind(kind: type[DomainError], status: int) -> None:
    error = kind(reasons.ERROR_REASON_UNSPECIFIED, MESSAGE)
    assert public_domain_error(error, Dialect.PLATFORM).status == status


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def lasting_platform(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Platform]:
    async with open_platform(tmp_path_factory.mktemp("errors")) as platform:
        yield platform


@pytest.mark.asyncio(loop_scope="module")
@pytest.mark.parametrize(("name", "kind", "status", "_code"), EXPECTED)
async def test_each_reason_over_the_wire(
    lasting_platform: Platform, name: str, kind: type[DomainError], status: int, _code: int
) -> None:
    lasting_platform.auth.refusals.by_method["Login"] = kind(_reason(name), MESSAGE)
    async with lasting_platform.client.post("/api/user/login", json={"account": "a", "password": "b"}) as response:
        body: Mapping[str, object] = await response.json()
    assert (response.status, response.headers["X-Error-Reason"]) == (status, name)
    assert isinstance(body["detail"], str)
    assert ("WWW-Authenticate" in response.headers) == (status == 401)


async def test_a_delay_asked_for_is_passed_on(platform: Platform) -> None:
    platform.auth.refusals.by_method["Login"] = RateLimited(
        reasons.ERROR_REASON_TOO_MANY_REQUESTS, "请求过于频繁", retry_after_s=4.2
    )
    async with platform.client.post("/api/user/login", json={"account": "a", "password": "b"}) as response:
        assert (response.status, response.headers["Retry-After"]) == (429, "5")


@pytest.mark.parametrize("error", [RuntimeError("SELECT secret FROM users"), Internal()])
async def test_bugs_say_nothing(platform: Platform, error: Exception) -> None:
    platform.auth.refusals.by_method["Login"] = error
    async with platform.client.post("/api/user/login", json={"account": "a", "password": "b"}) as response:
        assert (response.status, await response.json()) == (500, {"detail": INTERNAL_MESSAGE})
        assert "secret" not in str(response.headers)


async def test_a_bug_of_the_edge_itself_says_nothing(platform: Platform) -> None:
    # A time that no calendar holds makes the rendering fail.
    platform.user.create_time.seconds = 10**15
    async with platform.client.get("/api/user/profile", headers=platform.bearer()) as response:
        assert (response.status, await response.json()) == (500, {"detail": INTERNAL_MESSAGE})


async def test_one_service_down_is_told_as_such(platform: Platform) -> None:
    await platform.servers["billing"].stop(0.0)
    async with platform.client.get("/api/user/profile", headers=platform.bearer()) as response:
        assert response.status == 503
        assert int(response.headers["Retry-After"]) >= 1
        assert (await response.json())["detail"] == "服务暂时不可用，请稍后重试"
    async with platform.client.get("/api/tts/voices") as response:
        assert response.status == 200
