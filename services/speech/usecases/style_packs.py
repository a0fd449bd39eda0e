"""What engines have learnt of voices: stored with the files, and on each machine that speaks with it."""

from __future__ import annotations

import asyncio
from pathlib import Path

from kit.errors import NotFound, Precondition
from kit.sources import SourceFiles, scratch_folder
from services.speech.engines.base import VoiceClone
from services.speech.engines.styles import StyleFolder, StyleMissing, style_of
from services.speech.peers.files import AudioFiles
from voxreel.common.v1 import error_reason_pb2 as reasons


class StylePacks:
    """Moves packs between files and the folder that the engine reads."""

    def __init__(self, audio: AudioFiles, sources: SourceFiles, folder: StyleFolder) -> None:
        self._audio = audio
        self._sources = sources
        self._folder = folder

    async def keep(self, user_id: int, learnt: VoiceClone) -> str | None:
        """Stores what has to be stored; answers the id of its file. Raises what files raises."""
        style = style_of(learnt.engine_voice)
        if learnt.pack is None or style is None:
            return None
        return await self._audio.keep_pack(user_id, style.sha256, learnt.pack)

    async def ensure(self, engine_voice: str, pack_file_id: str | None) -> None:
        """Has the engine able to speak with a learnt voice on this machine. For work that outlives its call.

        Raises Precondition (VOICE_LOST), and what files raises.
        """
        style = style_of(engine_voice)
        if style is None or await asyncio.to_thread(self._folder.has, style.sha256):
            return
        if pack_file_id is None:
            raise voice_lost()
        async with scratch_folder() as scratch:
            copy = scratch / "pack"
            try:
                await self._sources.fetch(pack_file_id, copy)
                await asyncio.to_thread(_add, self._folder, copy, style.sha256)
            except (NotFound, StyleMissing):
                raise voice_lost() from None


def voice_lost() -> Precondition:
    """The file of the pack was deleted, or is another one."""
    return Precondition(reasons.ERROR_REASON_VOICE_LOST, "音色数据已丢失，请重新克隆")


def _add(folder: StyleFolder, copy: Path, sha256: str) -> None:
    folder.keep(copy.read_bytes(), sha256)
