"""CosyVoice and Sambert: what is spoken, and what each fault means."""

from __future__ import annotations

import asyncio
import io
import threading
import time
import wave
from collections.abc import AsyncIterator, Sequence
from dataclasses import replace

import pytest

from services.speech.engines.base import AudioFormat, Manner, SynthesisRequest, Voice
from services.speech.engines.dashscope.catalog import speaker_of, voices
from services.speech.engines.dashscope.settings import DashScopeSettings
from services.speech.engines.dashscope.synthesizer import DashScopeSynthesizer
from services.speech.engines.errors import (
    EngineBusy,
    EngineFailed,
    EngineTimedOut,
    EngineUnavailable,
    NothingToSpeak,
    SynthesisError,
    TextRefused,
    UnknownVoice,
)
from services.speech.engines.kokoro.catalog import voices as offline_voices
from tests.emulators.dashscope.account import EnrolledVoice
from tests.emulators.dashscope.faults import SocketFaults
from tests.emulators.dashscope.server import DashScopeEmulator
from tests.emulators.dashscope.sound import MS_PER_CHARACTER
from tests.fakes.turns import FakeTurns
from tests.polling import eventually as until
from tests.ports import free_port

TEXT = "今天天气很好。我们去公园散步吧！"


@pytest.fixture
async def synthesizer(settings: DashScopeSettings) -> AsyncIterator[DashScopeSynthesizer]:
    engine = DashScopeSynthesizer(settings, producer="Test")
    yield engine
    await engine.aclose()


def _request(voice: str = "zhichu", text: str = TEXT, audio_format: AudioFormat = AudioFormat.WAV) -> SynthesisRequest:
    return SynthesisRequest(text, voice, audio_format)


@pytest.mark.parametrize("voice", ["zhichu", "zhixia"])
async def test_a_text_is_spoken(synthesizer: DashScopeSynthesizer, turns: FakeTurns, voice: str) -> None:
    audio = await synthesizer.synthesize(_request(voice), timeout_s=5)
    assert audio.duration_ms == len(TEXT) * MS_PER_CHARACTER
    assert (audio.segments[0].start_ms, audio.segments[-1].end_ms) == (0, audio.duration_ms)
    assert "".join(segment.text for segment in audio.segments) == TEXT
    assert audio.data.count(b"AIGC") == 1, "one label"
    with wave.open(io.BytesIO(audio.data)) as heard:
        assert heard.getframerate() == audio.sample_rate == speaker_of(voice).sample_rate
    assert turns.taken == ["sambert" if voice == "zhixia" else "cosyvoice"]


async def test_sentences_have_their_times(synthesizer: DashScopeSynthesizer) -> None:
    audio = await synthesizer.synthesize(_request(), timeout_s=5)
    first, second = audio.segments
    assert (first.text, second.text) == ("今天天气很好。", "我们去公园散步吧！")
    assert first.end_ms == second.start_ms == 7 * MS_PER_CHARACTER


@pytest.mark.parametrize("voice", ["zhichu", "zhixia"])
async def test_words_have_their_times(synthesizer: DashScopeSynthesizer, voice: str) -> None:
    audio = await synthesizer.synthesize(_request(voice), timeout_s=5)
    words = [word for segment in audio.segments for word in segment.words]
    assert "".join(word.text for word in words) == "今天天气很好我们去公园散步吧"
    assert [(word.start_ms, word.end_ms) for word in words] == [
        (place * MS_PER_CHARACTER, (place + 1) * MS_PER_CHARACTER)
        for place, character in enumerate(TEXT)
        if character.isalnum()
    ]


async def test_prosody_and_manner_reach_the_provider(
    synthesizer: DashScopeSynthesizer, emulator: DashScopeEmulator
) -> None:
    request = SynthesisRequest(TEXT, "zhiwei", speech_rate=1.5, pitch_rate=1.2, manner=Manner(rate=4.0, energy_db=-6.0))
    await synthesizer.synthesize(request, timeout_s=5)
    sent = emulator.state.requests[-1]["parameters"]
    assert (sent["rate"], sent["pitch"], sent["voice"]) == (2.0, 1.2, "longcheng_v2")


@pytest.mark.parametrize("audio_format", list(AudioFormat))
async def test_every_format_is_made(synthesizer: DashScopeSynthesizer, audio_format: AudioFormat) -> None:
    audio = await synthesizer.synthesize(_request(audio_format=audio_format), timeout_s=5)
    assert audio.audio_format is audio_format
    assert len(audio.data) > 1000


async def test_an_enrolled_voice_speaks_when_it_is_deployed(
    synthesizer: DashScopeSynthesizer, emulator: DashScopeEmulator
) -> None:
    voice = EnrolledVoice("cosyvoice-v3-flash-abc-0123", "cosyvoice-v3-flash", "abc", "oss://sample", 0)
    emulator.state.voices[voice.voice_id] = voice
    with pytest.raises(UnknownVoice):
        await synthesizer.synthesize(_request(voice.voice_id), timeout_s=5)
    voice.status = "OK"
    audio = await synthesizer.synthesize(_request(voice.voice_id), timeout_s=5)
    assert audio.model == "cosyvoice-v3-flash"


async def test_what_cannot_be_spoken_is_not_sent(
    synthesizer: DashScopeSynthesizer, emulator: DashScopeEmulator
) -> None:
    with pytest.raises(NothingToSpeak):
        await synthesizer.synthesize(_request(text="……！"), timeout_s=5)
    with pytest.raises(UnknownVoice):
        await synthesizer.synthesize(_request("nobody"), timeout_s=5)
    assert emulator.state.counts["handshakes"] == 0


def test_every_offline_voice_has_a_speaker_of_its_gender() -> None:
    def known(found: Sequence[Voice]) -> set[tuple[str, str, str]]:
        return {(voice.voice_id, voice.gender, voice.language) for voice in found}

    assert known(voices()) == known(offline_voices())


@pytest.mark.parametrize(
    ("faults", "meaning"),
    [
        (SocketFaults(handshake_status=401), EngineUnavailable),
        (SocketFaults(handshake_status=403, handshake_code="AccessDenied"), EngineUnavailable),
        (SocketFaults(handshake_status=429, handshake_code="Throttling"), EngineBusy),
        (SocketFaults(handshake_status=503, handshake_code="ServiceUnavailable"), EngineFailed),
        (SocketFaults(hangs_at_handshake=True), EngineFailed),
        (SocketFaults(drops_before_start=True), EngineFailed),
        (SocketFaults(never_starts=True), EngineFailed),
        (SocketFaults(fails_at_start="Throttling.RateQuota"), EngineBusy),
        (SocketFaults(fails_at_start="Arrearage"), EngineUnavailable),
        (SocketFaults(fails_at_start="InvalidParameter"), TextRefused),
        (SocketFaults(fails_after=4, failure_code="DataInspectionFailed"), TextRefused),
        (SocketFaults(fails_after=4), EngineFailed),
        (SocketFaults(drops_after=4), EngineFailed),
        (SocketFaults(closes_after=4), EngineFailed),
        (SocketFaults(silent_after=4), EngineFailed),
        (SocketFaults(garbage_after=4), EngineFailed),
        (SocketFaults(never_finishes=True), EngineFailed),
    ],
)
async def test_each_fault_has_its_meaning(
    synthesizer: DashScopeSynthesizer,
    emulator: DashScopeEmulator,
    faults: SocketFaults,
    meaning: type[SynthesisError],
) -> None:
    emulator.faults.socket = faults
    started = time.monotonic()
    with pytest.raises(meaning) as raised:
        await synthesizer.synthesize(_request(), timeout_s=60)
    assert type(raised.value) is meaning
    assert time.monotonic() - started < 30
    assert "sk-" not in f"{raised.value} {raised.value.args}"
    emulator.faults.socket = SocketFaults()
    assert (await synthesizer.synthesize(_request(), timeout_s=5)).data, "the next one is well"


async def test_a_closed_port_is_a_broken_engine(settings: DashScopeSettings) -> None:
    engine = DashScopeSynthesizer(replace(settings, websocket_url=f"ws://127.0.0.1:{free_port()}/"), producer="T")
    with pytest.raises(EngineFailed):
        await engine.synthesize(_request(), timeout_s=5)
    await engine.aclose()


async def test_a_trickle_is_out_of_time(synthesizer: DashScopeSynthesizer, emulator: DashScopeEmulator) -> None:
    emulator.faults.socket = SocketFaults(pause_s=0.1)
    with pytest.raises(EngineTimedOut):
        await synthesizer.synthesize(_request(), timeout_s=0.25)
    await until(lambda: emulator.state.open_tasks == 0)


async def test_more_than_have_their_turn_are_turned_away(synthesizer: DashScopeSynthesizer, turns: FakeTurns) -> None:
    turns.is_full = True
    with pytest.raises(EngineBusy):
        await synthesizer.synthesize(_request(), timeout_s=5)


@pytest.mark.parametrize("faults", [SocketFaults(silent_after=4), SocketFaults(hangs_at_handshake=True)])
async def test_a_cancelled_caller_ends_the_call(
    synthesizer: DashScopeSynthesizer, emulator: DashScopeEmulator, faults: SocketFaults
) -> None:
    emulator.faults.socket = faults
    speaking = asyncio.create_task(synthesizer.synthesize(_request(), timeout_s=5))
    await until(lambda: emulator.state.counts["handshakes"] == 1)
    speaking.cancel()
    with pytest.raises(asyncio.CancelledError):
        await speaking
    await until(lambda: emulator.state.open_tasks == 0 and not emulator.state.sockets)
    await synthesizer.aclose()
    await until(lambda: not _call_threads())


def _call_threads() -> list[str]:
    return [thread.name for thread in threading.enumerate() if thread.name.startswith("dashscope")]
