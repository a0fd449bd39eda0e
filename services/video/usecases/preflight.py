"""Looking at everything an order names before anything is recorded or held."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Protocol, TypeVar

from kit.engines import EngineBroken, InputRefused
from kit.errors import Unavailable
from kit.sources import SourceFiles, check_file_id, scratch_folder
from services.video.domain.limits import MediaLimits
from services.video.domain.media_rules import content_extension
from services.video.domain.orders import OrderedFile, check_media, field_invalid
from services.video.media.facts import MediaFacts
from services.video.usecases.sources import OrderedFiles
from voxreel.common.v1 import error_reason_pb2 as reasons

T = TypeVar("T")

_FETCH_TIMEOUT_S = 20.0


class Prober(Protocol):
    """Looks into media files."""

    async def probe(self, path: Path) -> MediaFacts:
        """Raises InputRefused or EngineBroken."""
        ...


async def _nothing_more(_path: Path) -> None:
    """The facts tell enough."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """A file as a client names it, by id or by URL, and what it must be. `name` is its field's, `label` for messages;
    `check` raises what speaks against its facts, and `look`, which comes last, what speaks against its content: it may
    raise as engines do."""

    file_id: str
    url: str
    name: str
    label: str
    limits: MediaLimits
    check: Callable[[MediaFacts], object]
    look: Callable[[Path], Awaitable[None]] = _nothing_more


class Preflight:
    """Checks files from the cheapest question to the dearest."""

    def __init__(self, own: SourceFiles, files: OrderedFiles, prober: Prober) -> None:
        self._own = own
        self._files = files
        self._prober = prober

    async def check(self, wanted: Sequence[Wanted]) -> list[OrderedFile]:
        """The files as an order keeps them.

        Raises NotFound, Invalid, TooLarge; Unavailable (ENGINE_UNAVAILABLE) when too many files are looked at already.
        """
        for item in wanted:
            if not item.url:
                check_file_id(item.file_id, f"{item.name}_file_id")
        ordered = list(await asyncio.gather(*(self._find(item) for item in wanted)))
        async with scratch_folder() as folder:
            return [
                await self._look(item, file, folder / item.name) for item, file in zip(wanted, ordered, strict=True)
            ]

    async def _find(self, item: Wanted) -> OrderedFile:
        if item.url:
            # What lies behind a URL need not be called by its format; it is told by what is inside.
            return OrderedFile(extension=item.limits.formats[0], url=item.url)
        found = await self._own.find(item.file_id)
        check_media(found, item.limits, item.label)
        return OrderedFile.of(found)

    async def _look(self, item: Wanted, file: OrderedFile, path: Path) -> OrderedFile:
        await self._files.copy(file, path, label=item.label, limits=item.limits, timeout_s=_FETCH_TIMEOUT_S)
        facts = await _answer(self._prober.probe(path), item.label)
        item.check(facts)
        await _answer(item.look(path), "")
        await asyncio.to_thread(path.unlink)
        # An engine elsewhere goes by the name.
        return replace(file, extension=content_extension(facts, file.extension))


async def _answer(asked: Awaitable[T], label: str) -> T:
    """What a look into a file tells. Raises Invalid, the words behind the label, or Unavailable."""
    try:
        return await asked
    except InputRefused as error:
        raise field_invalid(f"{label}{error.message_zh}") from error
    except EngineBroken as error:
        message = "系统繁忙，请稍后重试"
        raise Unavailable(reasons.ERROR_REASON_ENGINE_UNAVAILABLE, message) from error
