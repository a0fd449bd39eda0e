"""Invite codes in the database."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, select

from kit.db.any_of import AnyOf
from kit.db.lean import LeanQuery
from kit.db.lean_many import LeanInsertMany, LeanUpdateMany
from services.billing.domain.errors import concurrent_update
from services.billing.domain.invites import InviteCode
from services.billing.store.tables import INVITE_CODES

INVITE_COLUMNS = (
    INVITE_CODES.c.id,
    INVITE_CODES.c.code,
    INVITE_CODES.c.credits,
    INVITE_CODES.c.operator_user_id,
    INVITE_CODES.c.create_time,
    INVITE_CODES.c.expire_time,
    INVITE_CODES.c.used_by_user_id,
    INVITE_CODES.c.use_time,
    INVITE_CODES.c.use_key,
    INVITE_CODES.c.credits_expire_time,
)
_ALL = select(*INVITE_COLUMNS)
_BY_ID = LeanQuery(_ALL.where(AnyOf(INVITE_CODES.c.id, "invite_ids")))
_BY_USE_KEY = LeanQuery(_ALL.where(AnyOf(INVITE_CODES.c.use_key, "use_keys")))
_BY_REQUEST_KEY = LeanQuery(_ALL.where(AnyOf(INVITE_CODES.c.request_key, "request_keys")).order_by(INVITE_CODES.c.id))
# PostgreSQL locks after it has sorted, so whoever takes several takes them in the same order.
_LOCK_BY_CODE = LeanQuery(_ALL.where(AnyOf(INVITE_CODES.c.code, "codes")).order_by(INVITE_CODES.c.id).with_for_update())
_ADD = LeanInsertMany(
    (
        INVITE_CODES.c.code,
        INVITE_CODES.c.request_key,
        INVITE_CODES.c.credits,
        INVITE_CODES.c.operator_user_id,
        INVITE_CODES.c.create_time,
        INVITE_CODES.c.expire_time,
        INVITE_CODES.c.used_by_user_id,
        INVITE_CODES.c.use_time,
        INVITE_CODES.c.use_key,
        INVITE_CODES.c.credits_expire_time,
    )
)
_USE = LeanUpdateMany(
    INVITE_CODES,
    keys={"invite_id": INVITE_CODES.c.id},
    values={
        "user_id": INVITE_CODES.c.used_by_user_id,
        "used_at": INVITE_CODES.c.use_time,
        "request": INVITE_CODES.c.use_key,
        "good_until": INVITE_CODES.c.credits_expire_time,
    },
    only=[INVITE_CODES.c.used_by_user_id.is_(None)],
)


def invite_from_row(row: Sequence[Any]) -> InviteCode:
    """An invite code from the values of INVITE_COLUMNS."""
    return InviteCode(*row)


class InviteRepository:
    """Invite codes, within one transaction. Their locks come after those of cards."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def find(self, invite_ids: Sequence[int]) -> list[InviteCode]:
        """Those of the ids that exist."""
        return [invite_from_row(row) for row in _BY_ID.all(self._connection, invite_ids=invite_ids)]

    def made_by(self, request_keys: Sequence[str]) -> list[InviteCode]:
        """Invite codes that were made under these keys, in the order in which they were made."""
        return [invite_from_row(row) for row in _BY_REQUEST_KEY.all(self._connection, request_keys=request_keys)]

    def used_by(self, use_keys: Sequence[str]) -> list[InviteCode]:
        """Invite codes that these requests used."""
        return [invite_from_row(row) for row in _BY_USE_KEY.all(self._connection, use_keys=use_keys)]

    def lock_codes(self, codes: Sequence[str]) -> list[InviteCode]:
        """The invite codes that are spelt so; nobody else uses them before this transaction ends."""
        return [invite_from_row(row) for row in _LOCK_BY_CODE.all(self._connection, codes=codes)]

    def add_all(self, invites: Sequence[InviteCode], request_keys: Sequence[str]) -> None:
        """Writes fresh ones, each under a key. Raises IntegrityError when a key or a code is taken."""
        rows = [_fresh_row(invite, key) for invite, key in zip(invites, request_keys, strict=True)]
        _ADD.run(self._connection, rows)

    def use_all(self, invites: Sequence[InviteCode]) -> None:
        """Writes who used unused ones. Raises Conflict when one was used meanwhile."""
        rows = [
            {
                "invite_id": invite.id,
                "user_id": invite.used_by_user_id,
                "used_at": invite.use_time,
                "request": invite.use_key,
                "good_until": invite.credits_expire_time,
            }
            for invite in invites
        ]
        _USE.run(self._connection, rows, otherwise=concurrent_update)


def _fresh_row(invite: InviteCode, key: str) -> tuple[Any, ...]:
    """A row of an invite code that nobody has used."""
    made = (invite.code, key, invite.credits, invite.operator_user_id, invite.create_time, invite.expire_time)
    return (*made, None, None, None, None)
