"""A voice as it is measured and as it is heard."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import av
import numpy as np
from av.container import InputContainer
from numpy.typing import NDArray

from kit.engines import InputRefused
from services.video.media.opening import opened

_WHAT = "音频"
_MAX_SECONDS = 130  # a little more than the contract's longest; what is beyond is not read


def read_voice(path: Path, sample_rate: int) -> NDArray[np.float32]:
    """Mono samples, -1..1. Raises InputRefused for a file without sound."""
    parts: list[NDArray[np.float32]] = []
    for frame in _frames(path, format="flt", layout="mono", rate=sample_rate):
        parts.append(np.asarray(frame.to_ndarray()[0], dtype=np.float32))
    if not parts:
        raise InputRefused("音频文件没有声音")
    return np.concatenate(parts)


def frames_to_encode(path: Path, *, layout: str, rate: int) -> Iterator[av.AudioFrame]:
    """The sound for an AAC encoder."""
    return _frames(path, format="fltp", layout=layout, rate=rate)


def _frames(path: Path, *, format: str, layout: str, rate: int) -> Iterator[av.AudioFrame]:
    with opened(path, _WHAT) as container:
        stream = _stream_of(container)
        resampler = av.AudioResampler(format=format, layout=layout, rate=rate)
        done = 0
        for frame in container.decode(stream):
            for part in resampler.resample(frame):
                yield part
                done += part.samples
            if done > _MAX_SECONDS * rate:
                return
        yield from resampler.resample(None)


def _stream_of(container: InputContainer) -> av.AudioStream:
    stream = container.streams.best("audio")
    if not isinstance(stream, av.AudioStream):
        raise InputRefused("音频文件没有声音")
    return stream
