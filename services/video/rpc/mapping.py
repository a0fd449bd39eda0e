"""From the domain to the contract's messages."""

from __future__ import annotations

from datetime import timedelta

from google.protobuf.duration_pb2 import Duration

from kit.rpc.times import duration_of
from services.video.domain.engines import EngineFact
from services.video.domain.limits import MediaLimits
from voxreel.engine.v1 import engine_service_pb2
from voxreel.video.v1 import render_service_pb2


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
        is_available=not fact.unavailable_reason,
        unavailable_reason=fact.unavailable_reason,
    )


def _duration(length: timedelta | None) -> Duration | None:
    return None if length is None else duration_of(length)
