"""Keeping material lists."""

from __future__ import annotations

from kit.clock import Clock
from kit.db.uow import Units
from services.auth.domain.errors import material_not_found, materials_full, user_not_found
from services.auth.domain.materials import MATERIALS_LIMIT, MaterialKind, check_item_id
from services.auth.domain.users import AccessTokenClaims
from services.auth.events import AuthEvents
from services.auth.store.uow import AuthUnit


class MaterialKeeper:
    """Adds to and removes from a user's own lists."""

    def __init__(self, units: Units[AuthUnit], *, events: AuthEvents, clock: Clock) -> None:
        self._units = units
        self._events = events
        self._clock = clock

    async def add(self, token: AccessTokenClaims, kind: MaterialKind, *, item_id: str) -> None:
        """Raises Invalid (FIELD_INVALID), Precondition (MATERIALS_FULL), and what a caller without access gets."""
        check_item_id(item_id)
        await self._units.write(lambda unit: self._add(unit, token, kind, item_id=item_id))

    async def remove(self, token: AccessTokenClaims, kind: MaterialKind, *, item_id: str) -> None:
        """Raises Invalid (FIELD_INVALID), NotFound (MATERIAL_NOT_FOUND), and what a caller without access gets."""
        check_item_id(item_id)
        await self._units.write(lambda unit: self._remove(unit, token, kind, item_id=item_id))

    def _add(self, unit: AuthUnit, token: AccessTokenClaims, kind: MaterialKind, *, item_id: str) -> None:
        # The lock makes the count true until the commit.
        self._lock_owner(unit, token)
        now = self._clock.now()
        if not unit.materials.add(token.user_id, kind, item_id=item_id, now=now):
            return
        if unit.materials.count(token.user_id, kind) > MATERIALS_LIMIT:
            raise materials_full(MATERIALS_LIMIT)
        unit.users.touch(token.user_id, now)
        unit.outbox.add(self._events.material_added(token.user_id, kind, item_id))

    def _remove(self, unit: AuthUnit, token: AccessTokenClaims, kind: MaterialKind, *, item_id: str) -> None:
        self._lock_owner(unit, token)
        if not unit.materials.remove(token.user_id, kind, item_id=item_id):
            raise material_not_found(item_id)
        unit.users.touch(token.user_id, self._clock.now())
        unit.outbox.add(self._events.material_removed(token.user_id, kind, item_id))

    def _lock_owner(self, unit: AuthUnit, token: AccessTokenClaims) -> None:
        owner = unit.users.lock(token.user_id)
        if owner is None:
            raise user_not_found()
        owner.require_access(token)
