"""How access tokens made from a session are dated, and which a user still accepts."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from kit.errors import Forbidden, Unauthenticated
from services.auth.domain.sessions import (
    REFRESH_BACKDATING,
    REFRESH_TOKEN_LIFETIME,
    hash_refresh_token,
    open_session,
    refreshed_issue_time,
)
from services.auth.domain.users import AccessTokenClaims, Revocation, User, UserStatus

NOW = datetime(2026, 5, 4, 10, 0, 0, 123456, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)


def user(*, revocation: Revocation | None = None, status: UserStatus = UserStatus.ACTIVE) -> User:
    return User(
        id=7,
        uuid="u",
        account="alice",
        is_admin=False,
        status=status,
        create_time=NOW,
        update_time=NOW,
        last_login_time=None,
        revocation=revocation,
    )


def token(issued_at: datetime, token_id: str = "t-1") -> AccessTokenClaims:
    return AccessTokenClaims(7, token_id, issued_at)


def test_a_session_ends_after_thirty_days() -> None:
    session = open_session(7, "hash", now=NOW)
    assert session.is_live(NOW + REFRESH_TOKEN_LIFETIME - MICROSECOND)
    assert not session.is_live(NOW + REFRESH_TOKEN_LIFETIME)


def test_a_refreshed_token_is_dated_back() -> None:
    session = open_session(7, "hash", now=NOW)
    later = NOW + timedelta(hours=1)
    assert refreshed_issue_time(session, later) == later - REFRESH_BACKDATING


def test_a_refreshed_token_is_never_older_than_its_session() -> None:
    session = open_session(7, "hash", now=NOW)
    assert refreshed_issue_time(session, NOW + MICROSECOND) == NOW


def test_what_is_stored_of_a_refresh_token_is_its_sha256() -> None:
    assert hash_refresh_token("abc") == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"


def test_tokens_from_before_a_revocation_are_void_to_the_microsecond() -> None:
    revoked = user(revocation=Revocation(NOW, "kept"))
    with pytest.raises(Unauthenticated):
        revoked.require_access(token(NOW - MICROSECOND))
    revoked.require_access(token(NOW))


def test_the_kept_token_stays_valid() -> None:
    user(revocation=Revocation(NOW, "kept")).require_access(token(NOW - timedelta(minutes=5), "kept"))


def test_a_frozen_user_is_refused_with_any_token() -> None:
    with pytest.raises(Forbidden) as refusal:
        user(status=UserStatus.FROZEN).require_access(token(NOW))
    assert refusal.value.message == "账号已被冻结"
