"""From the domain to the contract's messages."""

from __future__ import annotations

from datetime import timedelta

from google.protobuf.duration_pb2 import Duration

from kit.engines import EngineFact
from kit.rpc.times import duration_of, timestamp_of
from services.video.domain.limits import MediaLimits
from services.video.domain.links import LinkedMedia, PlatformState
from voxreel.engine.v1 import engine_service_pb2
from voxreel.video.v1 import link_service_pb2, render_service_pb2

_QUALITIES: dict[str, engine_service_pb2.Quality.ValueType] = {
    "": engine_service_pb2.QUALITY_UNSPECIFIED,
    "native": engine_service_pb2.QUALITY_NATIVE,
    "approximate": engine_service_pb2.QUALITY_APPROXIMATE,
}


def limits_to_proto(limits: MediaLimits) -> render_service_pb2.MediaLimits:
    return render_service_pb2.MediaLimits(
        formats=limits.formats,
        max_size_bytes=limits.max_size_bytes,
        min_duration=_duration(limits.min_duration),
        max_duration=_duration(limits.max_duration),
        min_frames_per_second=limits.min_frames_per_second,
        max_frames_per_second=limits.max_frames_per_second,
    )


def engine_to_proto(fact: EngineFact) -> engine_service_pb2.Engine:
    return engine_service_pb2.Engine(
        name=fact.name,
        capability=fact.capability,
        is_available=fact.is_available,
        unavailable_reason=fact.unavailable_reason,
        is_selected=fact.is_selected,
        model=fact.model,
        model_sha256=fact.model_sha256,
        quality=_QUALITIES[fact.quality],
    )


def media_to_proto(media: LinkedMedia) -> link_service_pb2.ParseLinkResponse:
    author = link_service_pb2.LinkAuthor(
        uid=media.author.uid, display_name=media.author.display_name, avatar_url=media.author.avatar_url
    )
    return link_service_pb2.ParseLinkResponse(
        video_url=media.video_url,
        cover_url=media.cover_url,
        title=media.title,
        music_url=media.music_url,
        image_urls=[image.url for image in media.images],
        live_photo_urls=[image.live_photo_url for image in media.images],
        author=author,
    )


def platform_to_proto(state: PlatformState) -> link_service_pb2.LinkPlatform:
    return link_service_pb2.LinkPlatform(
        key=state.key,
        display_name=state.label,
        last_outcome=state.last_outcome,
        counts=state.counts,
        last_read_time=None if state.last_read_at is None else timestamp_of(state.last_read_at),
        changed_ways=state.changed_ways,
        paused_for=duration_of(timedelta(seconds=state.paused_s)),
    )


def _duration(length: timedelta | None) -> Duration | None:
    return None if length is None else duration_of(length)
