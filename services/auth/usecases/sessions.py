"""Logging in, and getting new access tokens."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

from kit.clock import Clock
from kit.db.uow import Units
from services.auth.domain.accounts import account_key, is_account
from services.auth.domain.errors import credentials_invalid, refresh_token_invalid
from services.auth.domain.passwords import is_password_length
from services.auth.domain.sessions import (
    ACCESS_TOKEN_LIFETIME,
    Session,
    hash_refresh_token,
    open_session,
    refreshed_issue_time,
)
from services.auth.domain.users import Credentials, User
from services.auth.events import AuthEvents
from services.auth.store.uow import AuthUnit
from services.auth.usecases.login_guard import Attempt, LoginGuard
from services.auth.usecases.ports import AccessTokenIssuer, PasswordHasher

_REFRESH_TOKEN_BYTES = 32


@dataclass(frozen=True, slots=True)
class AccessToken:
    """A signed access token and how long it lives."""

    token: str
    expires_in: timedelta


@dataclass(frozen=True, slots=True)
class Login:
    """What a login gives."""

    access: AccessToken
    refresh_token: str


def access_token(issuer: AccessTokenIssuer, user: User, issued_at: datetime) -> AccessToken:
    """An access token of the user that lives from then on."""
    token = issuer.issue(user, issued_at=issued_at, expires_at=issued_at + ACCESS_TOKEN_LIFETIME)
    return AccessToken(token, ACCESS_TOKEN_LIFETIME)


def draw_refresh_token() -> str:
    """A refresh token that nobody can guess."""
    return secrets.token_urlsafe(_REFRESH_TOKEN_BYTES)


class Sessions:
    """Opens sessions for right passwords and makes access tokens from live ones."""

    def __init__(
        self,
        units: Units[AuthUnit],
        hasher: PasswordHasher,
        *,
        issuer: AccessTokenIssuer,
        guard: LoginGuard,
        events: AuthEvents,
        clock: Clock,
    ) -> None:
        self._units = units
        self._hasher = hasher
        self._issuer = issuer
        self._guard = guard
        self._events = events
        self._clock = clock

    async def login(self, account: str, password: str, *, client_address: str) -> Login:
        """Raises Unauthenticated (CREDENTIALS_INVALID), Forbidden (ACCOUNT_FROZEN), RateLimited.

        An unknown account takes the same steps as a wrong password, so that the time tells nothing either.
        """
        credentials, attempt = await self._begin(account, client_address)
        seen_hash = None if credentials is None else credentials.password_hash
        if not is_password_length(password):
            seen_hash, password = None, ""
        is_right = await self._hasher.verify(seen_hash, password)
        if credentials is None or not is_right:
            await self._record_failure(credentials, account, attempt=attempt, client_address=client_address)
            raise credentials_invalid()
        password_hash = credentials.password_hash
        if self._hasher.needs_rehash(password_hash):
            password_hash = await self._hasher.hash(password)
        refresh_token = draw_refresh_token()
        token_hash = hash_refresh_token(refresh_token)

        def record(unit: AuthUnit) -> Session:
            self._guard.require_room(unit, attempt)
            credentials.user.require_active()
            if not unit.users.record_login(credentials, password_hash=password_hash, now=self._clock.now()):
                raise credentials_invalid()
            # Read after the row is locked: a password change is now wholly before or wholly after.
            session = open_session(credentials.user.id, token_hash, now=self._clock.now())
            unit.sessions.add(session)
            self._guard.record_login(unit, attempt, credentials.user.id)
            unit.outbox.add(self._events.logged_in(credentials.user, client_address))
            return session

        session = await self._units.write(record)
        return Login(access_token(self._issuer, credentials.user, session.create_time), refresh_token)

    async def refresh(self, refresh_token: str) -> AccessToken:
        """Raises Unauthenticated (REFRESH_TOKEN_INVALID), Forbidden (ACCOUNT_FROZEN)."""
        now = self._clock.now()
        token_hash = hash_refresh_token(refresh_token)
        found = await self._units.read(lambda unit: unit.sessions.find(token_hash))
        if found is None:
            raise refresh_token_invalid()
        session, user = found
        if not session.is_live(now):
            raise refresh_token_invalid()
        user.require_active()
        return access_token(self._issuer, user, refreshed_issue_time(session, now))

    async def _begin(self, account: str, client_address: str) -> tuple[Credentials | None, Attempt]:
        key = account_key(account)

        def begin(unit: AuthUnit) -> tuple[Credentials | None, Attempt]:
            credentials = unit.users.find_credentials_by_account(key)
            user_id = None if credentials is None else credentials.user.id
            return credentials, self._guard.begin(unit, key, user_id, client_address=client_address)

        return await self._units.read(begin)

    async def _record_failure(
        self, credentials: Credentials | None, account: str, *, attempt: Attempt, client_address: str
    ) -> None:
        user = None if credentials is None else credentials.user
        # People type passwords into the wrong field: only what can be an account name is kept.
        shown = account if is_account(account) else ""

        def record(unit: AuthUnit) -> None:
            self._guard.record_wrong(unit, attempt)
            unit.outbox.add(self._events.login_failed(user, shown, client_address))

        await self._units.write(record)
