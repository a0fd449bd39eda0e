"""From messages of speech to the dubbing dialect: synthesis."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from edge.display import DisplayTimes
from edge.dubbing_api.models.synthesis import EmotionReferenceOut, GenerateOut, SegmentOut, WordOut
from edge.dubbing_api.render_voices import seconds
from kit.rpc.structs import plain
from voxreel.speech.v1 import dubbing_service_pb2 as dubbing
from voxreel.speech.v1 import history_service_pb2 as history
from voxreel.task.v1 import task_pb2


def generated(piece: history.Dubbing, task: task_pb2.Task, *, audio_url: str, times: DisplayTimes) -> GenerateOut:
    """A finished piece, and how its engine made it."""
    made = plain(task.output)
    vector = made["emotion_vector"]
    return {
        "id": piece.id,
        "audio_url": audio_url,
        "file_size": piece.size_bytes,
        "duration": seconds(piece.duration_ms),
        "credits_used": piece.credits_used,
        "created_at": times.stamp(piece.create_time),
        "quality": made["quality"],
        "engine": made["engine"],
        "emo_vec_used": None if vector is None else [float(each) for each in vector],
        "emo_weight_used": float(made["emotion_weight"]),
        "segments": [_segment(segment) for segment in made["segments"]],
    }


def _segment(segment: Mapping[str, Any]) -> SegmentOut:
    shown: SegmentOut = {"text": segment["text"], "start_ms": segment["start_ms"], "end_ms": segment["end_ms"]}
    if "words" in segment:
        shown["words"] = [_word(word) for word in segment["words"]]
    return shown


def _word(word: Mapping[str, Any]) -> WordOut:
    return {"text": word["text"], "start_ms": word["start_ms"], "end_ms": word["end_ms"]}


def emotion_reference(created: dubbing.CreateEmotionReferenceResponse) -> EmotionReferenceOut:
    """A recording that shows an emotion, and what was heard in it."""
    reference = created.reference
    return {
        "emo_audio_identifier": reference.identifier,
        "emo_audio": reference.identifier,
        "file_size": reference.size_bytes,
        "is_duplicate": created.is_duplicate,
        "md5": reference.md5,
        "delivery": {
            "median_hz": round(reference.median_hz, 1),
            "range_semitones": round(reference.range_semitones, 1),
            "level_db": round(reference.level_db, 1),
            "syllables_per_s": round(reference.syllables_per_s, 2),
        },
    }
