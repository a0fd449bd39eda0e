"""Logging in with a phone number and a code that was sent to it."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import timedelta

from kit.clock import Clock
from kit.db.uow import Units
from kit.ids import IdSource
from services.auth.domain.errors import account_taken, phone_code_invalid
from services.auth.domain.networks import network_digest, network_of
from services.auth.domain.phones import CODE_LIFETIME, Phone, new_phone_code, parse_phone
from services.auth.domain.sessions import Session, hash_refresh_token, open_session
from services.auth.domain.users import NewUser, User
from services.auth.events import AuthEvents
from services.auth.store.uow import AuthUnit
from services.auth.usecases.phone_guard import PhoneGuard
from services.auth.usecases.ports import AccessTokenIssuer, CodeSecrets, CodeSender
from services.auth.usecases.sessions import Login, access_token, draw_refresh_token

_SUFFIX_BYTES = 4


@dataclass(frozen=True, slots=True)
class PhoneLogin:
    """A login, whose it is, and whether it made the user."""

    login: Login
    user: User
    is_new_user: bool


class CodeSending:
    """Sends codes."""

    def __init__(
        self, units: Units[AuthUnit], codes: CodeSecrets, *, sender: CodeSender, guard: PhoneGuard, clock: Clock
    ) -> None:
        self._units = units
        self._codes = codes
        self._sender = sender
        self._guard = guard
        self._clock = clock

    async def send(self, text: str, *, client_address: str) -> timedelta:
        """Answers how long the code may be used. Raises Invalid, RateLimited, Unavailable (SMS_UNAVAILABLE).

        What was counted stays counted when the message is not taken: otherwise a provider in trouble would be asked as
        often as anybody likes.
        """
        phone, network = parse_phone(text), network_of(client_address)
        digest, code = self._codes.digest_of(phone), self._codes.draw()

        def record(unit: AuthUnit) -> None:
            self._guard.admit_code(unit, digest, network, user=unit.users.find_by_phone(phone))
            sent = new_phone_code(self._codes.hash_code(phone, code), network_digest(network), self._clock.now())
            unit.phone_codes.put(digest, sent)

        await self._units.write(record)
        await self._sender.send(phone, code)
        return CODE_LIFETIME


@dataclass(frozen=True, slots=True)
class _Try:
    phone: Phone
    digest: str
    code: str
    network: str
    client_address: str


class PhoneLogins:
    """Opens sessions for right codes, of which each is good once. The first login of a phone makes its user."""

    def __init__(
        self,
        units: Units[AuthUnit],
        codes: CodeSecrets,
        *,
        issuer: AccessTokenIssuer,
        guard: PhoneGuard,
        events: AuthEvents,
        clock: Clock,
        ids: IdSource,
    ) -> None:
        self._units = units
        self._codes = codes
        self._issuer = issuer
        self._guard = guard
        self._events = events
        self._clock = clock
        self._ids = ids

    async def login(self, text: str, code: str, *, client_address: str) -> PhoneLogin:
        """Raises Invalid, Unauthenticated (PHONE_CODE_INVALID), Forbidden (ACCOUNT_FROZEN), RateLimited.

        A phone without a code or without a user takes the same steps as a wrong code, so that the time tells nothing
        either. Only a right code is told that its user is frozen, and stays good.
        """
        phone = parse_phone(text)
        tried = _Try(phone, self._codes.digest_of(phone), code, network_of(client_address), client_address)
        refresh_token = draw_refresh_token()

        def record(unit: AuthUnit) -> tuple[User, Session, bool] | None:
            user = unit.users.find_by_phone(phone)
            if not self._take_code(unit, tried, user):
                return None
            return self._open(unit, tried, user, token_hash=hash_refresh_token(refresh_token))

        opened = await self._units.write(record)
        if opened is None:
            raise phone_code_invalid()
        user, session, is_new = opened
        return PhoneLogin(Login(access_token(self._issuer, user, session.create_time), refresh_token), user, is_new)

    def _take_code(self, unit: AuthUnit, tried: _Try, user: User | None) -> bool:
        """Uses the code up, or counts a wrong one."""
        counts = self._guard.admit_try(unit, tried.network, user=user)
        sent, network = unit.phone_codes.lock(tried.digest), network_digest(tried.network)
        is_right = self._codes.is_right(None if sent is None else sent.code_hash, tried.phone, tried.code)
        is_open = sent is not None and sent.is_open_to(network, self._clock.now())
        if is_right and is_open:
            unit.phone_codes.delete(tried.digest)
            return True
        is_elsewhere = sent is not None and sent.network != network
        # A code that is closed to strangers must not be burnt by them all the same.
        unit.phone_codes.add_wrong(tried.digest, wrong=int(is_open), elsewhere=int(is_open and is_elsewhere))
        self._guard.record_wrong(unit, counts)
        unit.outbox.add(self._events.login_failed(user, tried.phone, tried.client_address))
        return False

    def _open(self, unit: AuthUnit, tried: _Try, user: User | None, *, token_hash: str) -> tuple[User, Session, bool]:
        now, is_new = self._clock.now(), user is None
        user = self._add_user(unit, tried.phone) if user is None else unit.users.lock(user.id)
        if user is None:
            # Deleted a moment ago; with the next code the phone gets a new one.
            raise phone_code_invalid()
        user.require_active()
        unit.users.note_login(user.id, now)
        # Dated after the row is locked: a password change is now wholly before or wholly after.
        session = open_session(user.id, token_hash, now=self._clock.now())
        unit.sessions.add(session)
        self._guard.record_login(unit, tried.network, user.id)
        unit.outbox.add(self._events.logged_in(user, tried.client_address))
        return user, session, is_new

    def _add_user(self, unit: AuthUnit, phone: Phone) -> User:
        user = unit.users.add(self._new_user(phone, account=phone))
        if user is None:
            # Somebody chose this number for an account with a password, which does not make the phone theirs.
            user = unit.users.add(self._new_user(phone, account=f"{phone}_{secrets.token_hex(_SUFFIX_BYTES)}"))
        if user is None:
            raise account_taken()
        unit.outbox.add(self._events.registered(user))
        return user

    def _new_user(self, phone: Phone, *, account: str) -> NewUser:
        return NewUser(
            uuid=self._ids.uuid(),
            account=account,
            password_hash="",
            is_admin=False,
            create_time=self._clock.now(),
            phone=phone,
        )
