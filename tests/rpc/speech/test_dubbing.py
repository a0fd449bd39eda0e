"""Dubbing from the order to the piece in the history: what is refused, what is held, what an engine is told."""

from __future__ import annotations

import math
from typing import Any

import pytest

from kit.engines import EngineBroken, InputRefused
from kit.errors import InsufficientCredits, Invalid, NotFound, Unavailable
from services.speech.catalogue.templates import templates
from services.speech.engines.base import AudioFormat, Quality
from services.speech.engines.dubbing import ReferenceEmotion, SpeakerEmotion, VectorEmotion
from services.speech.engines.errors import EngineFailed
from tests.rpc.speech.conftest import World
from tests.rpc.speech.fakes import SAMPLE_RATE, tone_wav
from voxreel.speech.v1 import custom_voice_service_pb2 as custom_voices
from voxreel.speech.v1 import dubbing_service_pb2 as messages
from voxreel.speech.v1 import history_service_pb2 as history
from voxreel.task.v1 import task_pb2, task_service_pb2

TEXT = "今天天气真好"
TEMPLATE = templates()[0]
TONE = tone_wav(SAMPLE_RATE // 2)


def _order(request_id: str = "r-1", **fields: Any) -> messages.CreateDubbingRequest:
    given = {"text": TEXT, "voice_template_id": TEMPLATE.id, **fields}
    return messages.CreateDubbingRequest(request_id=request_id, **{k: v for k, v in given.items() if v is not None})


def _vector(*values: float, weight: float | None = None) -> messages.EmotionOrder:
    return messages.EmotionOrder(method=2, vector=values, weight=weight)


async def _create(world: World, request: messages.CreateDubbingRequest) -> task_pb2.Task:
    with world.user():
        return (await world.dubbings.CreateDubbing(request)).task


async def _reference(world: World, content: bytes = TONE, *, user_id: int = 7) -> Any:
    file_id = world.audio_store.put_source("temp-2.mp3", content, user_id=user_id)
    with world.user(user_id):
        return await world.dubbings.CreateEmotionReference(messages.CreateEmotionReferenceRequest(file_id=file_id))


async def _done(world: World, task_id: str) -> task_pb2.Task:
    await world.work()
    with world.user():
        return (await world.tasks.GetTask(task_service_pb2.GetTaskRequest(task_id=task_id))).task


async def test_a_piece_is_spoken_paid_by_its_tokens_and_kept(world: World) -> None:
    task = await _create(world, _order(speed=1.5, volume_scale=0.5, max_tokens=40))
    (hold,) = world.ledger.requests
    assert (hold.feature_key, hold.credits, task.credits) == ("voice_synthesis", 6, 6)
    done = await _done(world, task.id)
    assert done.state == task_pb2.TASK_STATE_SUCCEEDED
    with world.user():
        piece = (await world.history.GetDubbing(history.GetDubbingRequest(task_id=task.id))).dubbing
    assert (piece.text, piece.voice_template_id, piece.credits_used) == (TEXT, TEMPLATE.id, 6)
    assert piece.emotion_control == history.EMOTION_CONTROL_SAME_AS_REFERENCE
    assert piece.file_id == done.output["file_id"]
    (spoken,) = world.synthesizer.requests
    assert (spoken.voice, spoken.audio_format, spoken.max_tokens) == (TEMPLATE.voice, AudioFormat.MP3, 40)
    assert (spoken.speech_rate, spoken.pitch_rate) == (1.5, TEMPLATE.prosody.pitch)
    assert spoken.manner.rate == TEMPLATE.prosody.rate
    assert spoken.manner.energy_db == pytest.approx(20 * math.log10(0.5 * TEMPLATE.prosody.energy))


async def test_a_repeat_is_the_same_piece(world: World) -> None:
    task = await _create(world, _order())
    await _done(world, task.id)
    again = await _create(world, _order())
    assert (again.id, again.state) == (task.id, task_pb2.TASK_STATE_SUCCEEDED)
    with pytest.raises(Invalid):
        await _create(world, _order(speed=1.1))
    assert len(world.ledger.holds) == len(world.synthesizer.requests) == 1


async def test_a_vector_takes_effect_by_the_rule(world: World) -> None:
    task = await _create(world, _order(emotion=_vector(0, 1, 0, 0, 0, 0, 0, 0, weight=0.5)))
    done = await _done(world, task.id)
    emotion = world.dubber.requests[0].emotion
    assert isinstance(emotion, VectorEmotion)
    assert emotion.vector == (0, 0.4, 0, 0, 0, 0, 0, 0)
    assert list(done.output["emotion_vector"]) == [0, 0.4, 0, 0, 0, 0, 0, 0]
    assert (done.output["quality"], done.output["emotion_weight"]) == ("approximate", 0.5)
    manner = world.synthesizer.requests[0].manner
    assert manner.pitch > 1 < manner.pitch_range and manner.rate > TEMPLATE.prosody.rate


async def test_a_text_is_read_as_a_vector(world: World) -> None:
    order = messages.EmotionOrder(method=3, text="非常愤怒", weight=1.6)
    done = await _done(world, (await _create(world, _order(emotion=order))).id)
    assert list(done.output["emotion_vector"]) == [0, pytest.approx(0.8), 0, 0, 0, 0, 0, 0]
    assert done.output["emotion_weight"] == 1


async def test_the_manner_of_a_recording_is_taken_over(world: World) -> None:
    created = await _reference(world)
    reference = created.reference
    assert reference.identifier == f"emotion_audio/user_7/{reference.md5}.mp3"
    assert (reference.size_bytes, created.is_duplicate) == (len(TONE), False)
    assert reference.median_hz == pytest.approx(440, rel=0.02)
    assert (await _reference(world)).is_duplicate
    order = messages.EmotionOrder(method=1, reference=reference.identifier, weight=1.2)
    done = await _done(world, (await _create(world, _order(emotion=order))).id)
    emotion = world.dubber.requests[0].emotion
    assert isinstance(emotion, ReferenceEmotion)
    assert (emotion.weight, emotion.media) == (1.0, None)
    assert done.output["quality"] == "approximate"


async def test_an_engine_that_takes_recordings_gets_them(world: World) -> None:
    world.dubber.takes_recordings = True
    sample, shown = tone_wav(2000), tone_wav(3000)
    file_id = world.audio_store.put_source("temp-1", sample)
    with world.user():
        voice = await world.custom_voices.CreateCustomVoice(
            custom_voices.CreateCustomVoiceRequest(file_id=file_id, name="我的")
        )
    identifier = (await _reference(world, shown)).reference.identifier
    order = messages.EmotionOrder(method=1, reference=identifier)
    request = _order(voice_template_id=None, custom_voice_id=voice.voice.id, emotion=order)
    done = await _done(world, (await _create(world, request)).id)
    assert done.state == task_pb2.TASK_STATE_SUCCEEDED, done.error_message
    assert world.dubber.recordings == [sample, shown]


async def test_a_voice_of_the_catalogue_is_shown_by_its_sample(world: World) -> None:
    world.dubber.takes_recordings = True
    done = await _done(world, (await _create(world, _order())).id)
    assert done.state == task_pb2.TASK_STATE_SUCCEEDED, done.error_message
    assert len(world.dubber.recordings) == 1
    assert isinstance(world.dubber.requests[0].emotion, SpeakerEmotion)
    assert world.dubber.requests[0].speaker.quality is Quality.NATIVE


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"voice_template_id": None}, "Must specify either voice_template_id or custom_voice_id"),
        ({"custom_voice_id": 1}, "Must specify either voice_template_id or custom_voice_id"),
        ({"emotion": messages.EmotionOrder(method=1)}, "emo_audio is required when emo_control_method=1"),
        ({"emotion": messages.EmotionOrder(method=2)}, "emo_vec is required when emo_control_method=2"),
        ({"emotion": messages.EmotionOrder(method=3, text=" ")}, "emo_text is required when emo_control_method=3"),
        ({"emotion": messages.EmotionOrder(method=4)}, "emo_control_method 只能是 0、1、2 或 3"),
        ({"emotion": _vector(*[0.1] * 7)}, "emo_vec must be 8 numbers between 0 and 1"),
        ({"emotion": _vector(*[0.1] * 9)}, "emo_vec must be 8 numbers between 0 and 1"),
        ({"emotion": _vector(math.nan, *[0.1] * 7)}, "emo_vec must be 8 numbers between 0 and 1"),
        ({"emotion": _vector(math.inf, *[0.1] * 7)}, "emo_vec must be 8 numbers between 0 and 1"),
        ({"emotion": _vector(1.1, *[0.1] * 7)}, "emo_vec must be 8 numbers between 0 and 1"),
        ({"emotion": _vector(*[0.1] * 8, weight=1.61)}, "emo_weight 必须在 0.0 到 1.6 之间"),
        ({"speed": 2.1}, "speed 必须在 0.5 到 2.0 之间"),
        ({"volume_scale": math.nan}, "volume_scale 必须在 0.1 到 2.0 之间"),
        ({"max_tokens": 19}, "max_text_tokens_per_sentence 必须在 20 到 200 之间"),
        ({"text": ""}, "文本不能为空"),
        ({"text": "好" * 501}, "文本最多 500 个字符，当前 501 个"),
        ({"text": "。。。"}, "文本中没有可朗读的内容"),
    ],
)
async def test_what_breaks_a_rule_is_refused(world: World, fields: dict[str, Any], message: str) -> None:
    with pytest.raises(Invalid) as refused:
        await _create(world, _order(**fields))
    assert refused.value.message == message
    assert not world.ledger.requests


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"voice_template_id": 9999}, "Voice template not found"),
        ({"voice_template_id": None, "custom_voice_id": 9}, "Custom voice not found or access denied"),
        (
            {"emotion": messages.EmotionOrder(method=1, reference=f"emotion_audio/user_7/{'0' * 32}.mp3")},
            "Emotion reference audio not found or access denied",
        ),
        (
            {"emotion": messages.EmotionOrder(method=1, reference="../etc/passwd")},
            "Emotion reference audio not found or access denied",
        ),
    ],
)
async def test_what_is_not_there_is_refused(world: World, fields: dict[str, Any], message: str) -> None:
    with pytest.raises(NotFound) as refused:
        await _create(world, _order(**fields))
    assert refused.value.message == message
    assert not world.ledger.requests


async def test_another_users_recording_is_none(world: World) -> None:
    identifier = (await _reference(world, user_id=8)).reference.identifier
    with pytest.raises(NotFound):
        await _create(world, _order(emotion=messages.EmotionOrder(method=1, reference=identifier)))


async def test_what_cannot_be_heard_is_no_recording(world: World) -> None:
    with pytest.raises(Invalid) as refused:
        await _reference(world, b"no sound at all")
    assert refused.value.message == "File must be an audio file"
    assert not world.audio_store.stored


async def test_too_few_credits(world: World) -> None:
    world.ledger.available = 5
    with pytest.raises(InsufficientCredits) as refused:
        await _create(world, _order())
    assert (refused.value.required, refused.value.available) == (6, 5)


async def test_an_engine_that_cannot_work_is_told_before_anything_is_held(world: World) -> None:
    world.dubber.problems = ("broken",)
    await world.directory.step()
    with pytest.raises(Unavailable):
        await _create(world, _order())
    assert not world.ledger.requests


@pytest.mark.parametrize("failure", [EngineBroken("away"), EngineFailed("kokoro", "crashed")])
async def test_a_broken_engine_is_tried_again(world: World, failure: Exception) -> None:
    task = await _create(world, _order())
    world.dubber.failures.append(failure)
    assert (await _done(world, task.id)).state == task_pb2.TASK_STATE_QUEUED


async def test_a_refusal_of_the_engine_ends_the_task_and_leaves_no_piece(world: World) -> None:
    task = await _create(world, _order())
    world.dubber.failures.append(InputRefused("不行"))
    done = await _done(world, task.id)
    assert (done.state, done.error_message) == (task_pb2.TASK_STATE_FAILED, "不行")
    with world.user(), pytest.raises(NotFound):
        await world.history.GetDubbing(history.GetDubbingRequest(task_id=task.id))
