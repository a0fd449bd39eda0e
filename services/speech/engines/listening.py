"""What a recording tells about who speaks in it, found out in a process that may do nothing else."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Protocol, TypeAlias

from kit.engines import InputRefused
from kit.guarded.errors import WorkerBroke
from kit.guarded.limits import ProcessLimits
from kit.guarded.pool import GuardedPool
from services.speech.domain.emotion_references import HEARD_S
from services.speech.emotion.delivery import Delivery
from services.speech.media.sound import SoundOrder

_ORDER = SoundOrder()
# Where somebody speaks they do so within the first minute.
_LISTEN_S = 60.0
_MAX_WAITING = 16
# The libraries alone reserve one, on a machine with many cores.
_LIMITS = ProcessLimits(address_space_bytes=4 << 30, file_bytes=0, is_offline=True)

if TYPE_CHECKING:
    from services.speech.media.decoding import Beginning

ListenerPool: TypeAlias = GuardedPool[None]


class NotAudio(Exception):
    """There is nothing in the file that can be heard, more than an hour of it, or a picture that moves."""


@dataclass(frozen=True, slots=True)
class HeardSample:
    """`duration_ms`: of all sound in the file; `pitch_hz`: median pitch, None when nobody speaks."""

    duration_ms: int
    pitch_hz: float | None


class Listener(Protocol):
    """Hears files that users send."""

    async def hear(self, file: Path, *, timeout_s: float) -> HeardSample:
        """Raises NotAudio, also for what breaks a decoder, WorkersBusy and WorkerTimedOut."""
        ...

    async def measure(self, file: Path, *, timeout_s: float) -> Delivery:
        """How somebody speaks in the beginning of a file. Raises as `hear`."""
        ...


class GuardedListener:
    """A `Listener` over guarded worker processes."""

    def __init__(self, pool: ListenerPool) -> None:
        self._pool = pool

    async def hear(self, file: Path, *, timeout_s: float) -> HeardSample:
        """See `Listener.hear`."""
        try:
            return await self._pool.run(hear, file, timeout_s=timeout_s)
        except WorkerBroke:
            raise NotAudio("it broke the decoder") from None

    async def measure(self, file: Path, *, timeout_s: float) -> Delivery:
        """See `Listener.measure`."""
        try:
            return await self._pool.run(measure, file, timeout_s=timeout_s)
        except WorkerBroke:
            raise NotAudio("it broke the decoder") from None


def open_listener_pool() -> ListenerPool:
    """Processes that hear files; close it in the end."""
    return GuardedPool(_no_tool, name="listener", promised=(NotAudio,), limits=_LIMITS, max_waiting=_MAX_WAITING)


def hear(_tool: None, file: Path) -> HeardSample:
    """The job of a worker."""
    # NumPy would cost every process of the service its memory.
    from services.speech.dsp.pitch import median_pitch

    beginning = _beginning(file, _LISTEN_S)
    return HeardSample(beginning.duration_ms, median_pitch(beginning.samples, _ORDER.sample_rate))


def measure(_tool: None, file: Path) -> Delivery:
    """The other job of a worker."""
    # SciPy would cost every process of the service its memory.
    from services.speech.dsp.delivery import measure_delivery

    return measure_delivery(_beginning(file, HEARD_S).samples, _ORDER.sample_rate)


def _beginning(file: Path, seconds: float) -> Beginning:
    # PyAV would cost every process of the service its memory.
    from services.speech.media.decoding import decode_beginning

    try:
        return decode_beginning(file, seconds=seconds, order=_ORDER)
    except InputRefused as error:
        raise NotAudio(str(error)) from None


def _no_tool() -> None:
    """Nothing has to be made before a file is heard."""
