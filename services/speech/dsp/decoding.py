"""From files of strangers to samples. Belongs in a guarded process: the decoders are C code."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


class NotAudio(Exception):
    """There is nothing in the file that can be heard, or a picture that moves."""


@dataclass(frozen=True, slots=True)
class DecodedAudio:
    """`samples`: float32, mono, shape (n,), the beginning of the file; `duration_ms`: of the whole file."""

    samples: NDArray[np.float32]
    duration_ms: int


def decode_beginning(path: Path, *, sample_rate: int, seconds: float) -> DecodedAudio:
    """The first `seconds` of a file at `sample_rate` Hz, and how long the sound in it is: counted, not believed.

    Raises NotAudio, also for more than an hour.
    """
    # Only workers decode; the libraries would cost every other process of the service its memory.
    from services.speech.dsp.av_decoding import decode

    return decode(path, sample_rate=sample_rate, seconds=seconds)
