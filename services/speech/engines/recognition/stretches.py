"""Where somebody speaks in a recording, in stretches short enough for one look of the model."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np
from faster_whisper.vad import VadOptions, get_speech_timestamps
from numpy.typing import NDArray

SAMPLE_RATE = 16_000
# The model looks at 30 s at once; what is in one look shares its context.
_LONGEST_S = 28.0
_LONGEST_PAUSE_S = 2.0
# Bounds the memory of the search, whatever the length of the recording.
_BLOCK_S = 300.0
_OPTIONS = VadOptions(
    min_speech_duration_ms=100, max_speech_duration_s=_LONGEST_S, min_silence_duration_ms=200, speech_pad_ms=300
)


@dataclass(frozen=True, slots=True)
class Stretch:
    """Samples from `start` up to `end`."""

    start: int
    end: int


def find_stretches(samples: NDArray[np.float32]) -> Iterator[Stretch]:
    """Stretches with speech, in order, each of at most 28 s; those close together are one."""
    return _joined(_spoken(samples))


def _spoken(samples: NDArray[np.float32]) -> Iterator[Stretch]:
    offset, block = 0, int(_BLOCK_S * SAMPLE_RATE)
    while offset < len(samples):
        end = min(offset + block, len(samples))
        found = [
            Stretch(offset + int(each["start"]), offset + int(each["end"]))
            for each in get_speech_timestamps(samples[offset:end], _OPTIONS)
        ]
        is_last = end == len(samples)
        # What reaches the end of a block may go on behind it: the next block begins with it.
        cut = found.pop() if not is_last and found and found[-1].end >= end else None
        yield from found
        offset = end if cut is None else max(cut.start, offset + 1)


def _joined(stretches: Iterable[Stretch]) -> Iterator[Stretch]:
    current: Stretch | None = None
    for each in stretches:
        if current is not None and _belong_together(current, each):
            current = Stretch(current.start, each.end)
            continue
        if current is not None:
            yield current
        current = each
    if current is not None:
        yield current


def _belong_together(one: Stretch, other: Stretch) -> bool:
    pause_s = (other.start - one.end) / SAMPLE_RATE
    return pause_s <= _LONGEST_PAUSE_S and (other.end - one.start) / SAMPLE_RATE <= _LONGEST_S
