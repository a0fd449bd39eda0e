"""From files to a file. Runs in a guarded worker: what it opens was made by strangers."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from itertools import chain
from pathlib import Path

import av
import cv2

from kit.content_label import ContentLabel
from kit.engines import InputRefused
from kit.guarded.worker import report
from services.video.engines.yuv_tables.clips.ahead import ahead
from services.video.engines.yuv_tables.clips.background import Background, opened_background
from services.video.engines.yuv_tables.clips.frames import FramePool
from services.video.engines.yuv_tables.clips.reader import (
    NO_PICTURES,
    WHAT,
    Footage,
    Part,
    Picture,
    Sound,
    VideoReader,
    early_samples,
    samples_at_entries,
)
from services.video.engines.yuv_tables.clips.writer import VideoWriter
from services.video.engines.yuv_tables.keyer.colours import chroma_of, rgb_of, staying_share
from services.video.engines.yuv_tables.keyer.keyer import Keyer, KeySettings
from services.video.engines.yuv_tables.keyer.survey import Survey, survey
from services.video.engines.yuv_tables.keyer.tables import softness
from services.video.media.opening import opened

_CALIBRATING = "calibrating"
_KEYING = "keying"
_CALIBRATION_SHARE = 0.05  # of the work


@dataclass(frozen=True, slots=True)
class ReplacementOrder:
    """Files on this machine. `color`: "green", "blue" or "#RRGGBB"; `similarity` and `blend` 0..1."""

    video: Path
    background: Path
    target: Path
    color: str
    similarity: float
    blend: float
    label: ContentLabel


@dataclass(frozen=True, slots=True)
class _Keyed:
    frame: av.VideoFrame
    time: int


def find_screen(video: Path, color: str) -> Survey:
    """Whether a video has a screen of this colour. Raises InputRefused for a file that is not a video."""
    with opened(video, WHAT) as container:
        return _surveyed(video, color, VideoReader(container))[1]


def replace_screen(order: ReplacementOrder) -> int:
    """Writes the target; answers its duration in milliseconds. Raises InputRefused."""
    report(_CALIBRATING, 0.0)
    # Three threads are at work already, on pictures too small to be worth sharing.
    cv2.setNumThreads(1)
    with opened(order.video, WHAT) as container:
        reader = VideoReader(container)
        footage = reader.footage
        pool = FramePool(footage.size)
        parts, keyer = _calibrated(order, reader)
        with (
            opened_background(order.background, footage.size, footage.colours) as background,
            VideoWriter(order.target, footage, reader.sound, label=order.label) as writer,
            ahead(parts) as waiting,
            ahead(_keyed(waiting, keyer, background, pool=pool, unit=footage.time_base)) as finished,
        ):
            return _write(writer, finished, footage, pool=pool)


def _calibrated(order: ReplacementOrder, reader: VideoReader) -> tuple[Iterable[Part], Keyer]:
    footage = reader.footage
    parts, found = _surveyed(order.video, order.color, reader)
    matrix = footage.colours.matrix
    key = found.key or chroma_of(rgb_of(order.color), matrix)
    edge = softness(order.similarity, order.blend, staying=staying_share(key, matrix))
    return parts, Keyer(footage.size, KeySettings(key, edge))


def _surveyed(video: Path, color: str, reader: VideoReader) -> tuple[Iterable[Part], Survey]:
    """Besides, all parts of the video, those that have been looked at included."""
    footage, parts = reader.footage, reader.parts()
    early: list[Part] = []
    pictures = samples_at_entries(video, footage)
    if not pictures:
        early, pictures = early_samples(parts)
    return chain(early, parts), survey(pictures, chroma_of(rgb_of(color), footage.colours.matrix))


def _keyed(
    parts: Iterable[Part], keyer: Keyer, background: Background, *, pool: FramePool, unit: Fraction
) -> Iterator[_Keyed | Sound]:
    for part in parts:
        if isinstance(part, Picture):
            frame, planes = pool.take()
            keyer.key(part.planes, background.at(float(part.time * unit)), planes)
            yield _Keyed(frame, part.time)
        else:
            yield part


def _write(writer: VideoWriter, finished: Iterable[_Keyed | Sound], footage: Footage, *, pool: FramePool) -> int:
    count = 0
    whole = max(footage.duration_s, 1e-3)
    for part in finished:
        if isinstance(part, Sound):
            writer.add_sound(part.packet)
            continue
        writer.add_picture(part.frame, part.time)
        pool.give_back(part.frame)
        count += 1
        done = min(1.0, float(part.time * footage.time_base) / whole)
        report(_KEYING, _CALIBRATION_SHARE + (1 - _CALIBRATION_SHARE) * done)
    if not count:
        raise InputRefused(NO_PICTURES)
    return round(1000 * (writer.finish() + 1 / footage.rate))
