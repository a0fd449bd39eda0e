"""Links to files: made for those who may, good for whoever has them (`Downloads.open`)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from kit.clock import Clock
from kit.errors import Invalid, NotFound
from kit.rpc.context import Principal
from services.files.domain.links import LinkSealer, check_life
from services.files.domain.model import StoredFile
from services.files.usecases.downloads import Downloads
from voxreel.common.v1 import error_reason_pb2 as reasons

MAX_FILES = 100


@dataclass(frozen=True, slots=True)
class SignedLink:
    """A link to a file and when it ends."""

    file: StoredFile
    link: str
    expire_time: datetime


class Links:
    """Makes links."""

    def __init__(self, downloads: Downloads, sealer: LinkSealer, clock: Clock) -> None:
        self._downloads = downloads
        self._sealer = sealer
        self._clock = clock

    async def sign(self, principal: Principal, file_ids: Sequence[str], life: timedelta) -> list[SignedLink]:
        """A link for each file that the caller may give away, in their order. Raises Invalid."""
        if len(file_ids) > MAX_FILES:
            raise Invalid(reasons.ERROR_REASON_FIELD_INVALID, f"一次最多为 {MAX_FILES} 个文件生成链接")
        check_life(life)
        expire_time = (self._clock.now() + life).replace(microsecond=0)
        links = []
        for file_id in file_ids:
            try:
                file = await self._downloads.find_for(principal, file_id)
            except NotFound:
                continue
            links.append(SignedLink(file, self._sealer.seal(file.id, expire_time), expire_time))
        return links
