"""Gummy: what is heard, and what each fault means."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from kit.engines import EngineBroken, EngineError, EngineGaveUp, InputRefused
from services.speech.engines.base import Recognition
from services.speech.engines.dashscope.recognizer import SAMPLE_RATE, DashScopeRecognizer
from services.speech.engines.dashscope.settings import DashScopeSettings
from services.speech.engines.dashscope.transcript import Transcript, language_of
from services.speech.media.sound import SoundOrder
from tests.emulators.dashscope.faults import SocketFaults
from tests.emulators.dashscope.server import DashScopeEmulator
from tests.fakes.decoder import FakeDecoder
from tests.fakes.recordings import write_wav
from tests.fakes.turns import FakeTurns
from tests.polling import eventually


@pytest.fixture
def decoder() -> FakeDecoder:
    return FakeDecoder(SoundOrder(SAMPLE_RATE, 60.0))


@pytest.fixture
async def recognizer(settings: DashScopeSettings, decoder: FakeDecoder) -> AsyncIterator[DashScopeRecognizer]:
    engine = DashScopeRecognizer(settings, decoder)
    yield engine
    await engine.aclose()


async def _hear(engine: DashScopeRecognizer, folder: Path, *, timeout_s: float = 5.0) -> Recognition:
    media = write_wav(folder / f"{time.monotonic_ns()}.wav", duration_s=2.5)
    return await engine.recognize(media, timeout_s=timeout_s, on_progress=lambda _fraction: None)


async def test_sentences_and_words_have_their_times(
    recognizer: DashScopeRecognizer, tmp_path: Path, turns: FakeTurns
) -> None:
    heard = await _hear(recognizer, tmp_path)
    assert [(part.text, part.begin_ms, part.end_ms) for part in heard.sentences] == [
        ("第1句。", 0, 1000),
        ("第2句。", 1000, 2000),
        ("第3句。", 2000, 2500),
    ]
    assert [word.text for word in heard.sentences[0].words] == ["第", "1句", "。"]
    assert (heard.language, heard.duration_ms, heard.model) == ("zh", 2500, "gummy-realtime-v1")
    assert turns.taken == ["gummy"]


async def test_progress_is_told(recognizer: DashScopeRecognizer, tmp_path: Path) -> None:
    told: list[float] = []
    media = write_wav(tmp_path / "media.wav", duration_s=1.0)
    await recognizer.recognize(media, timeout_s=5, on_progress=told.append)
    assert told == sorted(told)
    assert len(told) == 10


@pytest.mark.parametrize(
    ("faults", "meaning"),
    [
        (SocketFaults(handshake_status=401), EngineGaveUp),
        (SocketFaults(handshake_status=429, handshake_code="Throttling"), EngineBroken),
        (SocketFaults(hangs_at_handshake=True), EngineBroken),
        (SocketFaults(never_starts=True), EngineBroken),
        (SocketFaults(fails_at_start="ModelNotFound"), EngineGaveUp),
        (SocketFaults(fails_at_start="InvalidParameter"), InputRefused),
        (SocketFaults(fails_after=2), EngineBroken),
        (SocketFaults(drops_after=2), EngineBroken),
        (SocketFaults(closes_after=2), EngineBroken),
        (SocketFaults(silent_after=2), EngineBroken),
        (SocketFaults(garbage_after=2), EngineBroken),
        (SocketFaults(never_finishes=True), EngineBroken),
    ],
)
async def test_each_fault_has_its_meaning(
    recognizer: DashScopeRecognizer,
    emulator: DashScopeEmulator,
    tmp_path: Path,
    faults: SocketFaults,
    meaning: type[EngineError],
) -> None:
    emulator.faults.socket = faults
    with pytest.raises(meaning) as raised:
        await _hear(recognizer, tmp_path)
    assert "sk-" not in f"{raised.value} {raised.value.args}"
    await eventually(lambda: not emulator.state.sockets and not _sender_threads())
    emulator.faults.socket = SocketFaults()
    assert (await _hear(recognizer, tmp_path)).sentences


async def test_a_cancelled_caller_ends_the_call(
    settings: DashScopeSettings, decoder: FakeDecoder, emulator: DashScopeEmulator, tmp_path: Path
) -> None:
    engine = DashScopeRecognizer(replace(settings, hearing_speed=1), decoder)
    hearing = asyncio.create_task(_hear(engine, tmp_path))
    await eventually(lambda: emulator.state.counts["frames"] > 0)
    hearing.cancel()
    with pytest.raises(asyncio.CancelledError):
        await hearing
    await eventually(lambda: not emulator.state.sockets and not _sender_threads())
    await engine.aclose()
    assert decoder.is_closed


async def test_a_recording_is_sent_no_faster_than_is_set(
    settings: DashScopeSettings, decoder: FakeDecoder, tmp_path: Path
) -> None:
    engine = DashScopeRecognizer(replace(settings, hearing_speed=10), decoder)
    started = time.monotonic()
    await _hear(engine, tmp_path)
    assert time.monotonic() - started >= 0.25
    with pytest.raises(EngineBroken, match="in time"):
        await _hear(engine, tmp_path, timeout_s=0.1)
    await engine.aclose()


async def test_no_turn_in_time(recognizer: DashScopeRecognizer, turns: FakeTurns, tmp_path: Path) -> None:
    turns.is_full = True
    with pytest.raises(EngineBroken, match="turn"):
        await _hear(recognizer, tmp_path)


def test_the_last_version_of_a_sentence_counts_and_gaps_do_no_harm() -> None:
    transcript = Transcript(1000)
    word = {"text": "好", "begin_time": 10, "end_time": None, "current_time": 50}
    for text in ("好", "好的"):
        sentence = {"sentence_id": 1, "text": text, "begin_time": 10, "end_time": 9000, "sentence_end": True}
        transcript.take({"payload": {"output": {"transcription": {**sentence, "words": [word]}}}})
    transcript.take({"payload": {"output": {}}})
    transcript.take({"payload": None})
    (sentence_heard,) = transcript.sentences()
    assert (sentence_heard.text, sentence_heard.end_ms, sentence_heard.words[0].end_ms) == ("好的", 1000, 50)


@pytest.mark.parametrize(
    ("text", "language"),
    [("今天是OK的", "zh"), ("It is fine", "en"), ("今日はいい天気です", "ja"), ("안녕하세요", "ko"), ("123", "und")],
)
def test_the_language_is_that_of_the_script(text: str, language: str) -> None:
    assert language_of(text) == language


def _sender_threads() -> list[str]:
    return [thread.name for thread in threading.enumerate() if thread.name == "dashscope-asr-send"]
