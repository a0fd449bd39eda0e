"""Ending a user's access, within a transaction that has locked the user."""

from __future__ import annotations

from datetime import datetime

from services.auth.domain.users import User
from services.auth.events import AuthEvents
from services.auth.store.uow import AuthUnit


def revoke_access(unit: AuthUnit, user: User, *, events: AuthEvents, now: datetime, kept_token_id: str = "") -> None:
    """Ends every session and voids every access token but the kept one; everybody who verifies tokens is told.

    `user` is as the transaction leaves it. `now` was read after the user was locked, so that it is later than any
    login that came first.
    """
    revocation = user.next_revocation(now, kept_token_id=kept_token_id)
    unit.sessions.delete_of_user(user.id)
    unit.users.revoke_access(user.id, revocation)
    unit.revocations.add(user.id, revocation)
    unit.outbox.add(events.access_revoked(user, revocation))
