"""Gathering what comes back, without a provider."""

from __future__ import annotations

from typing import Any

import pytest

from services.speech.engines.dashscope.spoken import Spoken

RATE = 1000
"""A sample lasts a millisecond."""


def ended(index: int, text: str, *words: tuple[object, object, object]) -> dict[str, Any]:
    told = [{"text": word, "begin_time": begin, "end_time": end} for word, begin, end in words]
    sentence = {"index": index, "words": told}
    return {"payload": {"output": {"type": "sentence-end", "original_text": text, "sentence": sentence}}}


def silence(duration_ms: int) -> bytes:
    return bytes(2 * duration_ms)


def words_of(*frames: dict[str, Any] | bytes) -> list[list[tuple[str, int, int]]]:
    spoken = Spoken("一。二。", RATE)
    spoken.take(frames)
    return [[(word.text, word.start_ms, word.end_ms) for word in each.words] for each in spoken.segments()]


@pytest.mark.parametrize("begin_ms", [100, 2100])
def test_words_are_timed_by_the_audio_whichever_way_they_are_counted(begin_ms: int) -> None:
    second = ended(1, "二。", ("二", begin_ms, begin_ms + 400))

    heard = words_of(silence(2000), ended(0, "一。", ("一", 100, 900)), silence(1000), second)

    assert heard == [[("一", 100, 900)], [("二", 2100, 2500)]]


def test_words_stay_within_their_sentence() -> None:
    frames = (silence(1000), ended(0, "一。", ("一", -5, 1100)), silence(500), ended(1, "二。", ("二", 950, 1700)))

    assert words_of(*frames) == [[("一", 0, 1000)], [("二", 1000, 1500)]]


@pytest.mark.parametrize("word", [("一", "0", 1), ("一", None, 1), (7, 0, 1), ("。", 0, 1)])
def test_what_is_no_word_with_times_is_left_out(word: tuple[object, object, object]) -> None:
    assert words_of(silence(100), ended(0, "一。", word)) == [[]]
