"""Who calls, as the database knows them: a token says what its holder was up to an hour ago."""

from __future__ import annotations

from collections.abc import Mapping

from services.auth.domain.errors import admin_required, user_not_found
from services.auth.domain.users import AccessTokenClaims, User
from services.auth.store.uow import AuthUnit


def require_caller(unit: AuthUnit, token: AccessTokenClaims) -> User:
    """The holder of the token. Raises NotFound (USER_NOT_FOUND), Forbidden (ACCOUNT_FROZEN), Unauthenticated."""
    user = unit.users.find(token.user_id)
    if user is None:
        raise user_not_found()
    user.require_access(token)
    return user


def require_admin(unit: AuthUnit, token: AccessTokenClaims) -> User:
    """The same, and Forbidden (ADMIN_REQUIRED) for one who is no administrator."""
    user = require_caller(unit, token)
    user.require_admin()
    return user


def lock_admins(unit: AuthUnit, token: AccessTokenClaims) -> Mapping[int, User]:
    """All active administrators, locked, the caller among them. Raises Forbidden (ADMIN_REQUIRED), Unauthenticated.

    Whoever changes users takes these locks first, so that administrators who act upon each other take turns.
    """
    admins = unit.users.lock_active_admins()
    if token.user_id not in admins:
        raise admin_required()
    admins[token.user_id].require_access(token)
    return admins
