"""Looks into media files from the event loop."""

from __future__ import annotations

from pathlib import Path

from kit.engines import EngineBroken, InputRefused
from kit.guarded.errors import WorkerBroke, WorkerError, WorkerTimedOut
from kit.guarded.limits import ProcessLimits
from kit.guarded.pool import GuardedPool
from services.video.media.facts import MediaFacts
from services.video.media.probe import BROKEN, probe

_LIMITS = ProcessLimits(address_space_bytes=2 << 30, file_bytes=0, is_offline=True)
_TIMEOUT_S = 20.0


class MediaProber:
    """Reads facts of files in one guarded worker without a network, 2 GiB of address space and 20 s at most a file."""

    def __init__(self, *, timeout_s: float = _TIMEOUT_S) -> None:
        self._timeout_s = timeout_s
        self._workers: GuardedPool[None] = GuardedPool(
            _no_tool, name="media-probe", promised=(InputRefused,), limits=_LIMITS
        )

    async def probe(self, path: Path) -> MediaFacts:
        """The facts of a file on this machine.

        Raises InputRefused for a file that cannot be read in this time and memory, too; EngineBroken when too many
        files wait.
        """
        try:
            return await self._workers.run(probe, path, timeout_s=self._timeout_s)
        except (WorkerBroke, WorkerTimedOut) as error:
            raise InputRefused(BROKEN) from error
        except WorkerError as error:
            raise EngineBroken(str(error)) from error

    async def aclose(self) -> None:
        """Ends the worker."""
        await self._workers.aclose()


def _no_tool() -> None:
    return None
