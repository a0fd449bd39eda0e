"""Speaking with somebody's face: from files to a file, in two passes of bounded memory.

The first pass looks for the face in every picture; only its points are kept. The second moves the mouth and encodes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import cv2
import numpy as np

from kit.content_label import ContentLabel
from kit.engines import InputRefused
from kit.guarded.worker import report
from services.video.engines.mesh_warp.clips.picture_store import PictureStore
from services.video.engines.mesh_warp.clips.video_reader import Look, look_at, pictures
from services.video.engines.mesh_warp.clips.video_writer import (
    SOUND_LAYOUT,
    SOUND_RATE,
    VideoWriter,
)
from services.video.engines.mesh_warp.clips.voice_reader import frames_to_encode, read_voice
from services.video.engines.mesh_warp.faces.likeness import Likeness, likeness_of
from services.video.engines.mesh_warp.faces.points import Face, scale_of
from services.video.engines.mesh_warp.faces.track import FaceTrack, track_of
from services.video.engines.mesh_warp.faces.tracker import FaceModels, FaceTracker
from services.video.engines.mesh_warp.mouth.response import Response, ResponseSampler
from services.video.engines.mesh_warp.mouth.speaker import Speaker
from services.video.engines.mesh_warp.picture import Picture, picture_of
from services.video.engines.mesh_warp.voice.curve import MouthCurve, mouth_curve
from services.video.engines.mesh_warp.voice.features import SAMPLE_RATE

MAX_MISSING_SHARE = 0.4
"""Of pictures without a clear face, which stay as they are; a video with more is refused."""

_ANALYSING = "analysing"
_RENDERING = "rendering"
_ANALYSIS_SHARE = 0.3  # of the work
_HEADER_ERROR_S = 1.0


@dataclass(frozen=True, slots=True)
class SpeakingOrder:
    """Files on this machine. `scratch` is a folder for what is only needed meanwhile.

    is_looped: the video plays forth and back until the voice ends; else its last picture stays.
    """

    video: Path
    voice: Path
    ref_image: Path | None
    target: Path
    scratch: Path
    is_looped: bool
    label: ContentLabel


def speak(models: FaceModels, order: SpeakingOrder) -> int:
    """Writes the target, as long as the voice; answers its duration in milliseconds. Raises InputRefused."""
    wanted = None if order.ref_image is None else _wanted(models, order.ref_image)
    look = look_at(order.video)
    voice = read_voice(order.voice, SAMPLE_RATE)
    count = max(1, round(len(voice) / SAMPLE_RATE * look.rate))
    curve = mouth_curve(voice, pictures=count, per_second=float(look.rate))
    with closing(PictureStore(order.scratch / "pictures")) as store:
        keep = store.append if order.is_looped and look.duration_s < count / look.rate + _HEADER_ERROR_S else _forget
        track, response = _analyse(models, order, look, count=count, wanted=wanted, keep=keep)
        shown = (
            _forth_and_back(store, count) if len(store) else _with_last_held(pictures(order.video, look.rate), count)
        )
        with VideoWriter(order.target, look, order.label) as writer:
            sound = frames_to_encode(order.voice, layout=SOUND_LAYOUT, rate=SOUND_RATE)
            written = writer.write(sound, _spoken(Speaker(models.mesh, response), shown, track, curve))
    return round(1000 * written / look.rate)


def _wanted(models: FaceModels, ref_image: Path) -> Likeness:
    """The face of a reference image."""
    image = cv2.imread(str(ref_image), cv2.IMREAD_COLOR)
    if image is None:
        raise InputRefused("参考图片已损坏，无法解码")
    picture = picture_of(np.asarray(image, dtype=np.uint8))
    faces = models.all_faces(picture)
    if not faces:
        raise InputRefused("参考图片中未检测到清晰的正脸，请更换图片")
    return likeness_of(picture, max(faces, key=lambda face: scale_of(face.points)))


def _analyse(
    models: FaceModels,
    order: SpeakingOrder,
    look: Look,
    *,
    count: int,
    wanted: Likeness | None,
    keep: Callable[[Picture], None],
) -> tuple[FaceTrack, Response]:
    tracker, faces, sampler = FaceTracker(models, wanted), list[Face | None](), ResponseSampler(models.mesh)
    for picture in islice(pictures(order.video, look.rate), count):
        face = tracker.next(picture)
        faces.append(face)
        if face is not None:
            sampler.look(picture, face)
        keep(picture)
        report(_ANALYSING, _ANALYSIS_SHARE * len(faces) / count)
    track = track_of(faces)
    _check(track)
    return track, sampler.response


def _forget(_picture: Picture) -> None:
    """The pictures are not needed again."""


def _check(track: FaceTrack) -> None:
    if track.missing_share >= 1:
        raise InputRefused("视频中未检测到清晰的正脸，请更换视频")
    if track.missing_share > MAX_MISSING_SHARE:
        share, most = round(100 * track.missing_share), round(100 * MAX_MISSING_SHARE)
        raise InputRefused(f"视频中有 {share}% 的画面没有清晰的正脸（最多允许 {most}%），请更换视频")


def _forth_and_back(store: PictureStore, count: int) -> Iterator[tuple[int, Picture]]:
    """The pictures with their numbers, turning at both ends."""
    for position in range(count):
        index = turning(position, len(store))
        yield index, store[index]


def turning(position: int, length: int) -> int:
    """Which of `length` pictures is at a position when they play forth and back without a jump."""
    period = max(2 * length - 2, 1)
    forth = position % period
    return forth if forth < length else period - forth


def _with_last_held(source: Iterator[Picture], count: int) -> Iterator[tuple[int, Picture]]:
    """The pictures with their numbers, the last one as often as is needed."""
    last: tuple[int, Picture] | None = None
    for index, picture in enumerate(islice(source, count)):
        last = (index, picture)
        yield last
    if last is not None:
        for _ in range(count - last[0] - 1):
            yield last


def _spoken(
    speaker: Speaker, shown: Iterator[tuple[int, Picture]], track: FaceTrack, curve: MouthCurve
) -> Iterator[Picture]:
    for position, (index, picture) in enumerate(shown):
        report(_RENDERING, _ANALYSIS_SHARE + (1 - _ANALYSIS_SHARE) * position / len(curve))
        strength = float(track.strength[index])
        if strength == 0:
            yield picture
            continue
        opening, spread = float(curve.opening[position]), float(curve.spread[position])
        yield speaker.move(picture, track.points[index], opening=opening, spread=spread, strength=strength)
