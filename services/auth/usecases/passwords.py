"""Changing passwords."""

from __future__ import annotations

from kit.clock import Clock
from kit.db.uow import Units
from services.auth.domain.errors import password_wrong, user_not_found
from services.auth.domain.passwords import check_password
from services.auth.domain.users import AccessTokenClaims, Credentials
from services.auth.events import AuthEvents
from services.auth.store.uow import AuthUnit
from services.auth.usecases.ports import PasswordHasher
from services.auth.usecases.revoking import revoke_access


class PasswordChange:
    """Replaces a password and ends every other session of its user."""

    def __init__(self, units: Units[AuthUnit], hasher: PasswordHasher, *, events: AuthEvents, clock: Clock) -> None:
        self._units = units
        self._hasher = hasher
        self._events = events
        self._clock = clock

    async def change(self, token: AccessTokenClaims, *, current_password: str, new_password: str) -> None:
        """`token` is the access token of the call, the one that stays valid.

        Raises Invalid (FIELD_INVALID), NotFound (USER_NOT_FOUND), Forbidden (ACCOUNT_FROZEN),
        Unauthenticated (TOKEN_EXPIRED), Precondition (PASSWORD_WRONG), RateLimited.
        """
        check_password(new_password, field="new_password", label="新密码")
        credentials = await self._units.read(lambda unit: unit.users.find_credentials(token.user_id))
        if credentials is None:
            raise user_not_found()
        credentials.user.require_access(token)
        if not await self._hasher.verify(credentials.password_hash, current_password):
            raise password_wrong()
        password_hash = await self._hasher.hash(new_password)
        await self._units.write(
            lambda unit: self._replace(unit, credentials, password_hash=password_hash, token_id=token.token_id)
        )

    def _replace(self, unit: AuthUnit, credentials: Credentials, *, password_hash: str, token_id: str) -> None:
        now = self._clock.now()
        if not unit.users.replace_password(credentials, password_hash=password_hash, now=now):
            raise password_wrong()
        # Read again behind the lock: the user may have been frozen meanwhile.
        user = unit.users.find(credentials.user.id)
        assert user is not None, "it is locked"
        revoke_access(unit, user, events=self._events, now=self._clock.now(), kept_token_id=token_id)
        unit.outbox.add(self._events.password_changed(user))
