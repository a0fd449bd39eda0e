"""Decoding with PyAV; see `services.speech.dsp.decoding`, which loads it where it is needed."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import av
import numpy as np
from av.container import InputContainer
from av.error import FFmpegError
from av.stream import Disposition
from numpy.typing import NDArray

from services.speech.dsp.decoding import DecodedAudio, NotAudio

# Playlists and the like are not among them: they would make the decoder open files they name.
_CONTAINERS = "wav,w64,aiff,caf,mp3,aac,flac,ogg,mov,mp4,m4a,3gp,matroska,webm,asf,amr,amrnb,amrwb,au"
_MAX_DURATION_S = 3600
_MILLISECONDS = 1000


def decode(path: Path, *, sample_rate: int, seconds: float) -> DecodedAudio:
    """See `decode_beginning`."""
    try:
        with av.open(str(path), options={"format_whitelist": _CONTAINERS}) as container:
            return _read(container, sample_rate, round(seconds * sample_rate))
    except (FFmpegError, EOFError) as error:
        raise NotAudio(type(error).__name__) from None


def _read(container: InputContainer, sample_rate: int, wanted: int) -> DecodedAudio:
    if not container.streams.audio or any(map(_moves, container.streams.video)):
        raise NotAudio("no sound, or a film")
    kept: list[NDArray[np.float32]] = []
    heard = 0
    for block in _blocks(container, sample_rate):
        if heard < wanted:
            kept.append(block[: wanted - heard])
        heard += len(block)
        if heard > _MAX_DURATION_S * sample_rate:
            raise NotAudio("too long")
    if not heard:
        raise NotAudio("no sample")
    return DecodedAudio(np.concatenate(kept), round(heard * _MILLISECONDS / sample_rate))


def _blocks(container: InputContainer, sample_rate: int) -> Iterator[NDArray[np.float32]]:
    resampler = av.AudioResampler(format="flt", layout="mono", rate=sample_rate)
    for frame in container.decode(container.streams.audio[0]):
        # Times in broken files run backwards, which the resampler does not take; here only samples count.
        frame.pts = None
        for resampled in resampler.resample(frame):
            yield _samples(resampled)
    for resampled in resampler.resample(None):
        yield _samples(resampled)


def _samples(frame: av.AudioFrame) -> NDArray[np.float32]:
    return np.asarray(frame.to_ndarray().ravel(), dtype=np.float32)


def _moves(stream: av.VideoStream) -> bool:
    return Disposition.attached_pic not in stream.disposition
