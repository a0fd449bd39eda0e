"""Files of the platform that everybody may have, made when somebody first asks."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from services.speech.peers.files import AudioFiles


class SharedFiles:
    """Makes each file once. One at a time, so that they never keep paid work from more than one worker."""

    def __init__(self, files: AudioFiles) -> None:
        self._files = files
        self._turn = asyncio.Lock()

    async def prepare(self, bare_id: str, extension: str, make: Callable[[], Awaitable[bytes]]) -> str:
        """The id of the file, with its extension, which is there when this returns. Raises what `make` and files
        raise.
        """
        if not await self._files.has_cached(bare_id):
            async with self._turn:
                # Somebody may have made it meanwhile.
                if not await self._files.has_cached(bare_id):
                    await self._files.cache(bare_id, extension, await make())
        return f"{bare_id}.{extension}"
