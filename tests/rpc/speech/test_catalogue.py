"""What the service tells about its voices and engines."""

from __future__ import annotations

from tests.rpc.speech.conftest import World
from voxreel.engine.v1 import engine_service_pb2
from voxreel.speech.v1 import voice_service_pb2


async def test_the_promised_voices_are_listed(world: World) -> None:
    voices = (await world.voices.ListPresetVoices(voice_service_pb2.ListPresetVoicesRequest())).voices
    genders = {voice.name: voice.gender for voice in voices}
    for name in ("zhichu", "zhixia"):
        assert genders[name] == voice_service_pb2.GENDER_FEMALE
    for name in ("zhiwei", "zhijie"):
        assert genders[name] == voice_service_pb2.GENDER_MALE
    assert all(voice.display_name and len(voice.languages) == 2 for voice in voices)
    assert next(voice for voice in voices if voice.name == "zhichu").languages[0] == "zh"


async def _engines(world: World) -> dict[str, engine_service_pb2.Engine]:
    response = await world.engines.ListEngines(engine_service_pb2.ListEnginesRequest())
    return {engine.capability: engine for engine in response.engines}


async def test_the_selected_engine_is_described(world: World) -> None:
    await world.directory.step()
    engine = (await _engines(world))["speech_synthesis"]
    assert (engine.name, engine.is_selected) == ("kokoro", True)
    assert engine.is_available == (not engine.unavailable_reason)
    assert engine.quality == engine_service_pb2.QUALITY_NATIVE
    assert len(engine.model_sha256) == 64


async def test_a_broken_engine_is_told_and_refused(world: World) -> None:
    await world.directory.report_broken("kokoro/kokoro-v1.0.int8.onnx is corrupt")
    engine = (await _engines(world))["speech_synthesis"]
    assert not engine.is_available
    assert "corrupt" in engine.unavailable_reason
    assert world.engine.problem


async def test_an_engine_that_lacks_something_is_listed_as_such(world: World) -> None:
    assert (await _engines(world))["voice_clone"].is_available
    world.jobs.problems["cloner"] = ("parrot.bin is missing",)
    await world.directory.step()
    engine = (await _engines(world))["voice_clone"]
    assert not engine.is_available
    assert engine.unavailable_reason == "引擎不可用：parrot.bin is missing"
