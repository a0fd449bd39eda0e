"""Reading the audit."""

from __future__ import annotations

from kit.db.uow import Units
from services.auth.domain.audit import AuditFilter, AuditRecord
from services.auth.domain.paging import Page
from services.auth.domain.users import AccessTokenClaims
from services.auth.store.audit_records import AuditPages
from services.auth.store.uow import AuthUnit
from services.auth.usecases.callers import require_admin


class AuditReader:
    """The audit as administrators may see it."""

    def __init__(self, units: Units[AuthUnit], pages: AuditPages) -> None:
        self._units = units
        self._pages = pages

    async def page(self, token: AccessTokenClaims, wanted: AuditFilter, page: Page) -> tuple[list[AuditRecord], int]:
        """Records, newest first, and how many there are in all. Raises Forbidden (ADMIN_REQUIRED), Unauthenticated."""
        await self._units.read(lambda unit: require_admin(unit, token))
        return await self._pages.page(wanted, page)
