"""Enrolment: one voice per sample, whatever goes wrong."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from kit.engines import EngineBroken, EngineGaveUp, InputRefused
from services.speech.engines.base import CloneRequest, VoiceClone
from services.speech.engines.dashscope.catalog import speaker_of
from services.speech.engines.dashscope.cloner import SAMPLE_ORDER, DashScopeCloner
from services.speech.engines.dashscope.settings import DashScopeSettings
from tests.emulators.dashscope.faults import HttpFaults
from tests.emulators.dashscope.server import DashScopeEmulator
from tests.fakes.decoder import FakeDecoder
from tests.fakes.recordings import write_wav
from tests.fakes.turns import FakeTurns
from tests.polling import eventually


@pytest.fixture
async def cloner(settings: DashScopeSettings) -> AsyncIterator[DashScopeCloner]:
    engine = DashScopeCloner(settings, FakeDecoder(SAMPLE_ORDER))
    yield engine
    await engine.aclose()


async def _clone(
    engine: DashScopeCloner, folder: Path, *, duration_s: float = 1.0, target_model: str = "", timeout_s: float = 5.0
) -> VoiceClone:
    folder.joinpath("sample.samples").unlink(missing_ok=True)
    sample = write_wav(folder / "sample.wav", duration_s=duration_s)
    return await engine.clone(
        CloneRequest(sample, "mine", target_model), timeout_s=timeout_s, on_progress=lambda _: None
    )


async def test_a_voice_is_ready_when_it_is_answered(
    cloner: DashScopeCloner, emulator: DashScopeEmulator, turns: FakeTurns, tmp_path: Path
) -> None:
    clone = await _clone(cloner, tmp_path)
    (voice,) = emulator.state.voices.values()
    assert (voice.voice_id, voice.status, clone.target_model) == (clone.engine_voice, "OK", "cosyvoice-v2")
    assert speaker_of(clone.engine_voice).model == "cosyvoice-v2", "it can speak"
    (sample,) = emulator.state.files.values()
    assert sample.startswith(b"RIFF")
    assert set(turns.taken) == {"voice-enrollment"}
    assert len(turns.taken) == 5, "one list, one creation, three looks"


async def test_the_wanted_model_or_the_default(cloner: DashScopeCloner, tmp_path: Path) -> None:
    assert (await _clone(cloner, tmp_path, target_model="cosyvoice-v3-flash")).target_model == "cosyvoice-v3-flash"
    assert (await _clone(cloner, tmp_path, target_model="parrot")).target_model == "cosyvoice-v2"


async def test_the_same_sample_is_enrolled_once(
    cloner: DashScopeCloner, emulator: DashScopeEmulator, tmp_path: Path
) -> None:
    first = await _clone(cloner, tmp_path)
    assert await _clone(cloner, tmp_path) == first
    assert await _clone(cloner, tmp_path, duration_s=2.0) != first
    assert emulator.state.counts["create_voice"] == 2


@pytest.mark.parametrize(
    "faults", [HttpFaults(loses_enrolment_reply=True), HttpFaults(enrolment_delay_s=0.9)], ids=["lost", "slow"]
)
async def test_an_enrolment_that_nobody_confirmed_is_found_and_not_repeated(
    cloner: DashScopeCloner, emulator: DashScopeEmulator, tmp_path: Path, faults: HttpFaults
) -> None:
    emulator.faults.http = faults
    clone = await _clone(cloner, tmp_path)
    assert list(emulator.state.voices) == [clone.engine_voice]
    assert emulator.state.counts["create_voice"] == 1


async def test_an_enrolment_in_doubt_is_given_up(
    cloner: DashScopeCloner, emulator: DashScopeEmulator, tmp_path: Path
) -> None:
    emulator.faults.http = HttpFaults(fails_creation_with=500)
    with pytest.raises(EngineGaveUp, match="未重复提交"):
        await _clone(cloner, tmp_path)
    assert emulator.state.counts["create_voice"] == 1


async def test_an_enrolment_that_was_turned_away_may_be_tried_again(
    cloner: DashScopeCloner, emulator: DashScopeEmulator, tmp_path: Path
) -> None:
    emulator.faults.http = HttpFaults(fails_creation_with=429, creation_code="Throttling.RateQuota")
    with pytest.raises(EngineBroken):
        await _clone(cloner, tmp_path)
    emulator.faults.http = HttpFaults()
    assert (await _clone(cloner, tmp_path)).engine_voice in emulator.state.voices


async def test_a_rejected_sample(cloner: DashScopeCloner, emulator: DashScopeEmulator, tmp_path: Path) -> None:
    emulator.state.rejects_voices = True
    with pytest.raises(InputRefused, match="样本"):
        await _clone(cloner, tmp_path)


@pytest.mark.parametrize(
    ("faults", "meaning"),
    [
        (HttpFaults(status=401, code="InvalidApiKey"), EngineGaveUp),
        (HttpFaults(status=403, code="AccessDenied"), EngineGaveUp),
        (HttpFaults(status=430, code="Audio.AudioSilentError"), InputRefused),
        (HttpFaults(status=429, code="Throttling.RateQuota"), EngineBroken),
        (HttpFaults(status=500), EngineBroken),
        (HttpFaults(is_html=True), EngineBroken),
        (HttpFaults(resets=True), EngineBroken),
        (HttpFaults(delay_s=0.9), EngineBroken),
        (HttpFaults(upload_status=403), EngineBroken),
    ],
)
async def test_each_fault_has_its_meaning(
    cloner: DashScopeCloner, emulator: DashScopeEmulator, tmp_path: Path, faults: HttpFaults, meaning: type[Exception]
) -> None:
    emulator.faults.http = faults
    with pytest.raises(meaning) as raised:
        await _clone(cloner, tmp_path)
    assert "sk-" not in f"{raised.value} {raised.value.args}"
    assert not emulator.state.voices


async def test_a_voice_that_is_never_deployed_is_out_of_time(
    cloner: DashScopeCloner, emulator: DashScopeEmulator, tmp_path: Path
) -> None:
    emulator.state.looks_until_deployed = 1_000_000
    with pytest.raises(EngineBroken, match="in time"):
        await _clone(cloner, tmp_path, timeout_s=0.5)


async def test_a_cancelled_enrolment_leaves_no_voice(
    settings: DashScopeSettings, emulator: DashScopeEmulator, tmp_path: Path
) -> None:
    engine = DashScopeCloner(replace(settings, silence_s=2.0), FakeDecoder(SAMPLE_ORDER))
    emulator.faults.http = HttpFaults(enrolment_delay_s=0.2)
    cloning = asyncio.create_task(_clone(engine, tmp_path))
    await eventually(lambda: len(emulator.state.voices) == 1)
    cloning.cancel()
    with pytest.raises(asyncio.CancelledError):
        await cloning
    await eventually(lambda: not emulator.state.voices)
    await engine.aclose()
