"""Making and listing invite codes."""

from __future__ import annotations

import secrets
from datetime import datetime

from sqlalchemy.exc import IntegrityError

from kit.clock import Clock
from kit.db.uow import Units
from services.billing.domain.errors import concurrent_update, request_id_reused
from services.billing.domain.invites import (
    INVITE_BYTES,
    GenerateInvites,
    InviteCode,
    InviteFilter,
    invite_code_of,
)
from services.billing.domain.limits import check_page
from services.billing.events import BillingEvents
from services.billing.store.invite_pages import InvitePages
from services.billing.store.uow import BillingUnit

_ATTEMPTS = 3


class InviteDesk:
    """What administrators do with invite codes, each worth so many `credits`."""

    def __init__(
        self,
        units: Units[BillingUnit],
        pages: InvitePages,
        *,
        events: BillingEvents,
        clock: Clock,
        credits: int,
    ) -> None:
        self._units = units
        self._pages = pages
        self._events = events
        self._clock = clock
        self._credits = credits

    async def generate(self, asked: GenerateInvites) -> list[InviteCode]:
        """The invite codes; a request done before is answered with the same ones, as they are now.

        Raises Invalid (FIELD_INVALID, IDEMPOTENCY_KEY_REUSED).
        """
        asked.check()
        for _ in range(_ATTEMPTS):
            try:
                return await self._units.write(lambda unit: self._generate(unit, asked))
            except IntegrityError:
                # The same request came twice at once and the other one was faster, or a code was drawn before.
                continue
        raise concurrent_update()

    async def page(self, wanted: InviteFilter, *, page_size: int, skip: int) -> tuple[list[InviteCode], int]:
        """One page, newest first, and the number of all. Raises Invalid (FIELD_INVALID)."""
        check_page(page_size=page_size, skip=skip)
        return await self._pages.page(wanted, self._clock.now(), limit=page_size, offset=skip)

    def status_time(self) -> datetime:
        """The time at which answers say what an invite code is."""
        return self._clock.now()

    def _generate(self, unit: BillingUnit, asked: GenerateInvites) -> list[InviteCode]:
        keys = list(asked.request_keys())
        known = unit.invites.made_by(keys)
        if known:
            if not asked.made(known):
                raise request_id_reused()
            return known
        fresh = [self._draw(asked) for _ in range(asked.quantity)]
        unit.invites.add_all(fresh, keys[: asked.quantity])
        unit.outbox.add(self._events.invites_generated(fresh))
        return unit.invites.made_by(keys)

    def _draw(self, asked: GenerateInvites) -> InviteCode:
        now = self._clock.now()
        return InviteCode(
            id=0,
            code=invite_code_of(secrets.token_bytes(INVITE_BYTES)),
            credits=self._credits,
            operator_user_id=asked.operator_user_id,
            create_time=now,
            expire_time=asked.expire_time(now),
        )
