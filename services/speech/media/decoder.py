"""Offers decoding to the event loop: strangers' bytes meet FFmpeg in a process that has little to lose."""

from __future__ import annotations

from pathlib import Path
from typing import Protocol

from kit.engines import EngineBroken, InputRefused
from kit.guarded.errors import WorkerError
from kit.guarded.limits import ProcessLimits
from kit.guarded.pool import GuardedPool
from services.speech.media.sound import SAMPLE_TYPE, Sound, SoundOrder

_ADDRESS_SPACE_BYTES = 2 << 30


class Decoder(Protocol):
    """Whoever makes samples of files."""

    async def decode(self, source: Path, target: Path, *, timeout_s: float) -> Sound:
        """See `SoundDecoder.decode`."""
        ...

    async def aclose(self) -> None: ...


class SoundDecoder:
    """Guarded workers that decode: without a network, with bounded memory, and with room for one result.

    `order` is the largest that will be asked for.
    """

    def __init__(self, order: SoundOrder, *, max_workers: int = 1, max_waiting: int = 64) -> None:
        self._order = order
        limits = ProcessLimits(
            address_space_bytes=_ADDRESS_SPACE_BYTES,
            file_bytes=order.max_samples * SAMPLE_TYPE.itemsize,
            is_offline=True,
        )
        self._workers: GuardedPool[None] = GuardedPool(
            _no_tool,
            name="decoder",
            promised=(InputRefused,),
            limits=limits,
            max_workers=max_workers,
            max_waiting=max_waiting,
        )

    async def aclose(self) -> None:
        """Stops the workers; running and waiting jobs end with EngineBroken."""
        await self._workers.aclose()

    async def decode(self, source: Path, target: Path, *, timeout_s: float, order: SoundOrder | None = None) -> Sound:
        """The sound of a file, written to the new file `target`; see `decoding.decode` for what is taken of it.

        Cancelling the caller kills the worker. Raises InputRefused (AUDIO_TRACK_MISSING, MEDIA_BROKEN, AUDIO_EMPTY,
        AUDIO_TOO_LONG), or EngineBroken.
        """
        try:
            return await self._workers.run(_decode, source, target, order or self._order, timeout_s=timeout_s)
        except WorkerError as error:
            raise EngineBroken(f"decoder: {error}") from error


def _no_tool() -> None:
    """Decoding needs nothing made beforehand."""


def _decode(tool: None, source: Path, target: Path, order: SoundOrder) -> Sound:
    # Here, so that the service itself never loads the libraries.
    from services.speech.media.decoding import decode

    return decode(tool, source, target, order)
