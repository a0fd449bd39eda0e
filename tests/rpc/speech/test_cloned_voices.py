"""What cloned voices are good for: synthesis, previews and dubbing with them."""

from __future__ import annotations

import hashlib

import pytest

from kit.engines import InputRefused
from kit.errors import Invalid
from services.speech.domain.speakers import CustomChoice
from services.speech.engines.base import Quality
from services.speech.engines.styles import PACK_BYTES
from tests.rpc.speech.conftest import World
from tests.rpc.speech.fakes import SAMPLE_RATE, tone_wav
from voxreel.common.v1 import error_reason_pb2 as reasons
from voxreel.speech.v1 import custom_voice_service_pb2 as custom_voices
from voxreel.speech.v1 import synthesis_service_pb2 as syntheses
from voxreel.speech.v1 import voice_service_pb2 as voices
from voxreel.task.v1 import task_pb2
from voxreel.task.v1 import task_service_pb2 as tasks

DIGEST = hashlib.sha256(bytes(PACK_BYTES)).hexdigest()
STYLE = f"style:zh:1.100:{DIGEST}"


async def _finished(world: World, task_id: str) -> task_pb2.Task:
    await world.work()
    return (await world.tasks.GetTask(tasks.GetTaskRequest(task_id=task_id))).task


async def _ask(world: World, *, audio_url: str = "", request_id: str = "c-1") -> task_pb2.Task:
    file_id = "" if audio_url else world.audio_store.put_source("sample.wav", b"abc")
    request = voices.CreateVoiceCloneRequest(
        request_id=request_id, file_id=file_id, audio_url=audio_url, prefix="user_a"
    )
    with world.user():
        return (await world.voices.CreateVoiceClone(request)).task


async def _clone(world: World) -> str:
    done = await _finished(world, (await _ask(world)).id)
    assert done.output["quality"] == "approximate"
    return str(done.output["voice_id"])


async def _speak(world: World, voice: str, *, user_id: int = 7) -> task_pb2.Task:
    request = syntheses.CreateSynthesisRequest(request_id="s-1", text="你好", voice=voice)
    with world.user(user_id):
        task = (await world.syntheses.CreateSynthesis(request)).task
    return await _finished(world, task.id)


def _forget(world: World) -> None:
    """As on a machine that has not spoken with any learnt voice yet."""
    for path in (world.cache / "styles").glob("*.bin"):
        path.unlink()


async def test_a_text_is_spoken_by_a_cloned_voice(world: World) -> None:
    voice_id = await _clone(world)
    task = await _speak(world, voice_id)
    assert task.state == task_pb2.TASK_STATE_SUCCEEDED
    assert world.synthesizer.requests[-1].voice == STYLE
    assert (world.cache / "styles" / f"{DIGEST}.bin").stat().st_size == PACK_BYTES


async def test_another_users_voice_is_unknown(world: World) -> None:
    voice_id = await _clone(world)
    with pytest.raises(Invalid) as refused:
        await _speak(world, voice_id, user_id=8)
    assert refused.value.reason_name == "VOICE_UNKNOWN"


async def test_a_voice_whose_file_is_gone_says_so(world: World) -> None:
    voice_id = await _clone(world)
    _forget(world)
    for file_id in [each for each in world.audio_store.sources if each.startswith("voice_pack")]:
        del world.audio_store.sources[file_id]
    task = await _speak(world, voice_id)
    assert (task.state, task.error_reason) == (task_pb2.TASK_STATE_FAILED, "VOICE_LOST")
    assert task.error_message == "音色数据已丢失，请重新克隆"


async def test_a_cloned_voice_has_a_preview_of_its_version(world: World) -> None:
    voice_id = await _clone(world)
    with world.user():
        version = (await world.voices.GetVoice(voices.GetVoiceRequest(voice_id=voice_id))).cloned.preview_version
    request = voices.PrepareVoicePreviewRequest(voice=f"{voice_id}-{version}")
    answer = await world.voices.PrepareVoicePreview(request)
    assert answer.file_id == f"voice_preview_{voice_id}-{version}.wav"
    assert world.synthesizer.requests[-1].voice == STYLE
    with pytest.raises(Invalid):
        await world.voices.PrepareVoicePreview(voices.PrepareVoicePreviewRequest(voice=f"{voice_id}-0"))


async def test_a_sample_is_fetched_from_a_public_address(world: World) -> None:
    world.web.files["https://elsewhere.example/a.wav"] = b"from afar"
    task = await _ask(world, audio_url="https://elsewhere.example/a.wav")
    done = await _finished(world, task.id)
    assert done.state == task_pb2.TASK_STATE_SUCCEEDED
    assert world.jobs.cloner.samples == [b"from afar"]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (None, "音频链接不允许访问，请使用公网地址"),
        (b"", "音频链接无法下载，请检查链接是否有效"),
        (bytes(21 << 20), "音频文件过大，最大支持 20MB"),
    ],
)
async def test_addresses_that_give_no_sample(world: World, content: bytes | None, message: str) -> None:
    world.web.files["https://elsewhere.example/a.wav"] = content
    done = await _finished(world, (await _ask(world, audio_url="https://elsewhere.example/a.wav")).id)
    assert done.error_reason == "SAMPLE_UNREACHABLE"
    assert done.error_message == message


async def test_what_is_no_address_is_refused_at_once(world: World) -> None:
    for audio_url in ("file:///etc/passwd", "https://user:secret@host/a.wav", "nonsense"):
        with pytest.raises(Invalid) as refused:
            await _ask(world, audio_url=audio_url)
        assert refused.value.reason_name == "SAMPLE_UNREACHABLE"
    assert not world.ledger.requests


async def test_an_unfit_sample_ends_the_task_with_its_reason(world: World) -> None:
    world.jobs.cloner.refusal = InputRefused("音频过短", reasons.ERROR_REASON_SAMPLE_TOO_SHORT)
    done = await _finished(world, (await _ask(world)).id)
    assert (done.error_reason, done.error_message) == ("SAMPLE_TOO_SHORT", "音频过短")


async def _upload(world: World) -> int:
    file_id = world.audio_store.put_source("temp-1", tone_wav(SAMPLE_RATE // 4))
    request = custom_voices.CreateCustomVoiceRequest(file_id=file_id, name="我的音色", description="")
    with world.user():
        return (await world.custom_voices.CreateCustomVoice(request)).voice.id


async def test_an_uploaded_voice_is_learnt_for_nothing(world: World) -> None:
    voice_id = await _upload(world)
    before = await world.speakers().prepare(7, CustomChoice(voice_id))
    assert (before.voice, before.quality) == ("zhixia", Quality.APPROXIMATE)
    await world.work()
    after = await world.speakers().prepare(7, CustomChoice(voice_id))
    assert (after.voice, after.quality) == (STYLE, Quality.APPROXIMATE)
    with world.user():
        read = await world.custom_voices.GetCustomVoice(custom_voices.GetCustomVoiceRequest(voice_id=voice_id))
    assert (read.voice.is_learnt, world.ledger.requests) == (True, [])
    _forget(world)
    world.audio_store.sources.clear()
    assert (await world.speakers().prepare(7, CustomChoice(voice_id))).voice == "zhixia"


async def test_an_uploaded_voice_that_a_provider_has_enrolled_is_a_real_clone(world: World) -> None:
    world.engine.name = "dashscope"
    voice_id, enrolled = await _upload(world), "cosyvoice-v3-flash-abc123-0001"
    await world.units.write(lambda unit: unit.custom_voices.learn(7, voice_id, enrolled, pack_file_id=None))
    speaker = await world.speakers().prepare(7, CustomChoice(voice_id))
    assert (speaker.voice, speaker.quality) == (enrolled, Quality.NATIVE)


async def test_without_an_engine_that_clones_an_upload_works_all_the_same(world: World) -> None:
    world.jobs.problems["cloner"] = ("model is missing",)
    await world.directory.step()
    voice_id = await _upload(world)
    assert (await world.speakers().prepare(7, CustomChoice(voice_id))).voice == "zhixia"
