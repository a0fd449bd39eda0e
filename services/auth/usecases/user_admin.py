"""What administrators do with users."""

from __future__ import annotations

from collections.abc import Mapping

from kit.clock import Clock
from kit.db.uow import Units
from services.auth.domain.errors import last_admin, user_not_found
from services.auth.domain.materials import NO_MATERIALS, Profile
from services.auth.domain.passwords import check_password
from services.auth.domain.users import AccessTokenClaims, User, UserChange
from services.auth.events import AuthEvents
from services.auth.store.uow import AuthUnit
from services.auth.usecases.callers import lock_admins, require_admin
from services.auth.usecases.ports import PasswordHasher
from services.auth.usecases.revoking import revoke_access


class UserAdmin:
    """Changes users by an administrator's hand; `token` is the administrator's.

    Every method raises Forbidden (ADMIN_REQUIRED) or Unauthenticated for a caller who is no active administrator now,
    and NotFound (USER_NOT_FOUND).
    """

    def __init__(self, units: Units[AuthUnit], hasher: PasswordHasher, *, events: AuthEvents, clock: Clock) -> None:
        self._units = units
        self._hasher = hasher
        self._events = events
        self._clock = clock

    async def update(self, token: AccessTokenClaims, user_id: int, change: UserChange) -> Profile:
        """The user as they are then. Raises Precondition (LAST_ADMIN)."""
        return await self._units.write(lambda unit: self._update(unit, token, user_id, change))

    async def delete(self, token: AccessTokenClaims, user_id: int) -> User:
        """The user who was deleted. Raises Precondition (LAST_ADMIN)."""
        return await self._units.write(lambda unit: self._delete(unit, token, user_id))

    async def reset_password(self, token: AccessTokenClaims, user_id: int, new_password: str) -> User:
        """The user whose password it is. Raises Invalid (FIELD_INVALID), RateLimited."""
        check_password(new_password, field="new_password", label="新密码")
        # Asked first only to spare the hash; the locks decide.
        await self._units.read(lambda unit: _expect(unit, token, user_id))
        password_hash = await self._hasher.hash(new_password)
        return await self._units.write(lambda unit: self._reset_password(unit, token, user_id, password_hash))

    def _update(self, unit: AuthUnit, token: AccessTokenClaims, user_id: int, change: UserChange) -> Profile:
        admins = lock_admins(unit, token)
        before = _lock(unit, user_id)
        after = change.applied_to(before)
        _require_remaining_admin(admins, before, after)
        if after != before:
            unit.users.set_standing(after, self._clock.now())
            self._tell_of(unit, before, after, operator_user_id=token.user_id)
        found = unit.users.find(user_id)
        assert found is not None, "it is locked"
        return Profile(found, unit.materials.lists([user_id]).get(user_id, NO_MATERIALS))

    def _tell_of(self, unit: AuthUnit, before: User, after: User, *, operator_user_id: int) -> None:
        if after.status is not before.status:
            unit.outbox.add(self._events.status_changed(after, operator_user_id))
        if after.is_admin is not before.is_admin:
            unit.outbox.add(self._events.role_changed(after, operator_user_id))
        # Unfreezing too: verifiers must learn that the user is not frozen any more. A demoted user's tokens still
        # say that they are an administrator.
        if after.status is not before.status or (before.is_admin and not after.is_admin):
            revoke_access(unit, after, events=self._events, now=self._clock.now())

    def _delete(self, unit: AuthUnit, token: AccessTokenClaims, user_id: int) -> User:
        admins = lock_admins(unit, token)
        user = _lock(unit, user_id)
        _require_remaining_admin(admins, user, None)
        revoke_access(unit, user, events=self._events, now=self._clock.now())
        unit.materials.delete_of_user(user_id)
        unit.known_addresses.delete_of_user(user_id)
        unit.webhooks.delete_of_user(user_id)
        unit.users.delete(user_id)
        unit.outbox.add(self._events.deleted(user, token.user_id))
        return user

    def _reset_password(self, unit: AuthUnit, token: AccessTokenClaims, user_id: int, password_hash: str) -> User:
        lock_admins(unit, token)
        user = _lock(unit, user_id)
        now = self._clock.now()
        unit.users.set_password(user_id, password_hash=password_hash, now=now)
        revoke_access(unit, user, events=self._events, now=now)
        unit.outbox.add(self._events.password_reset(user, token.user_id))
        return user


def _expect(unit: AuthUnit, token: AccessTokenClaims, user_id: int) -> None:
    require_admin(unit, token)
    if unit.users.find(user_id) is None:
        raise user_not_found()


def _lock(unit: AuthUnit, user_id: int) -> User:
    user = unit.users.lock(user_id)
    if user is None:
        raise user_not_found()
    return user


def _require_remaining_admin(admins: Mapping[int, User], before: User, after: User | None) -> None:
    remains = after is not None and after.is_active_admin
    if before.is_active_admin and not remains and admins.keys() == {before.id}:
        raise last_admin()
