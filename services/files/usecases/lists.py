"""Lists of files, and what there is of them."""

from __future__ import annotations

from kit.clock import Clock
from kit.rpc.context import Principal
from services.files.domain.listing import FileFilter, FileStats, Page
from services.files.domain.model import NOBODY, StorageType, StoredFile
from services.files.store.file_pages import FilePages

_EXPENDABLE = (StorageType.TEMP, StorageType.CACHE)


class FileLists:
    """Says who sees which files."""

    def __init__(self, pages: FilePages, clock: Clock) -> None:
        self._pages = pages
        self._clock = clock

    async def persistent(self, wanted: FileFilter, page: Page) -> tuple[list[StoredFile], int]:
        """Files of the filter, newest first, and how many there are in all."""
        return await self._pages.page(wanted, self._clock.now(), page)

    async def cached(
        self,
        principal: Principal | None,
        page: Page,
        *,
        file_type: str | None = None,
        storage_type: StorageType | None = None,
    ) -> tuple[list[StoredFile], int]:
        """Temporary and cached files, of one of the two when given, that are shared or the caller's."""
        wanted = FileFilter(
            storage_types=_EXPENDABLE if storage_type is None else (storage_type,),
            user_ids=(NOBODY,) if principal is None else (NOBODY, principal.user_id),
            file_type=file_type,
        )
        return await self._pages.page(wanted, self._clock.now(), page)

    async def stats(self) -> FileStats:
        """All files at once."""
        return await self._pages.stats()
