"""Upload grants."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Connection, delete, insert, select, update

from kit.events.tables import core_table
from services.files.domain.model import StorageType, UploadGrant
from services.files.store.tables import UploadGrantRow

_GRANTS = core_table(UploadGrantRow)


class GrantRepository:
    """The upload grants of one transaction."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def add(self, grant: UploadGrant) -> None:
        self._connection.execute(
            insert(_GRANTS),
            {
                "id": grant.id,
                "user_id": grant.user_id,
                "request_id": grant.request_id,
                "storage_type": int(grant.storage_type),
                "file_type": grant.file_type,
                "id_prefix": grant.id_prefix,
                "original_name": grant.original_name,
                "blob_key": grant.blob_key,
                "limit_bytes": grant.limit_bytes,
                "expire_time": grant.expire_time,
                "bare_id": grant.bare_id,
            },
        )

    def find(self, grant_id: str) -> UploadGrant | None:
        return self._find(grant_id, is_locked=False)

    def lock(self, grant_id: str) -> UploadGrant | None:
        """Like `find`; nobody else uses or removes the grant until the transaction ends."""
        return self._find(grant_id, is_locked=True)

    def use(self, grant_id: str, bare_id: str) -> None:
        """Notes which file the upload became. From then on the blob is the file's."""
        self._connection.execute(update(_GRANTS).where(_GRANTS.c.id == grant_id).values(bare_id=bare_id))

    def remove(self, grant_id: str) -> None:
        self._connection.execute(delete(_GRANTS).where(_GRANTS.c.id == grant_id))

    def remove_expired(self, before: datetime, limit: int) -> Sequence[str]:
        """Removes up to `limit` grants that expired before this time and answers the blob keys of the unused ones."""
        expired = (
            select(_GRANTS.c.id)
            .where(_GRANTS.c.expire_time <= before)
            .order_by(_GRANTS.c.expire_time)
            .limit(limit)
            .with_for_update(skip_locked=True)
        )
        removed = delete(_GRANTS).where(_GRANTS.c.id.in_(expired)).returning(_GRANTS.c.blob_key, _GRANTS.c.bare_id)
        return [key for key, bare_id in self._connection.execute(removed) if bare_id is None]

    def _find(self, grant_id: str, *, is_locked: bool) -> UploadGrant | None:
        query = select(
            _GRANTS.c.id,
            _GRANTS.c.user_id,
            _GRANTS.c.request_id,
            _GRANTS.c.storage_type,
            _GRANTS.c.file_type,
            _GRANTS.c.id_prefix,
            _GRANTS.c.original_name,
            _GRANTS.c.blob_key,
            _GRANTS.c.limit_bytes,
            _GRANTS.c.expire_time,
            _GRANTS.c.bare_id,
        ).where(_GRANTS.c.id == grant_id)
        row = self._connection.execute(query.with_for_update() if is_locked else query).first()
        if row is None:
            return None
        grant_id, user_id, request_id, storage_type, *rest = row
        return UploadGrant(grant_id, user_id, request_id, StorageType(storage_type), *rest)
