"""Tokens with times become words; texts without times become sentences."""

from __future__ import annotations

import pytest

from services.speech.engines.sherpa.answers import language_of, shared_out, words_of
from tests.fakes.sherpa import OfflineRecognitionResult


def texts(*tokens: str) -> list[str]:
    answer = OfflineRecognitionResult("".join(tokens), list(tokens), [0.2 * index for index in range(len(tokens))])
    return [word.text for word in words_of(answer, offset_s=0.0, duration_s=9.0)]


@pytest.mark.parametrize(
    ("tokens", "words"),
    [
        (("今", "天", "好", "。"), ["今", "天", "好。"]),
        ((" the", " we", "ather", " is", " fine", "."), [" the", " weather", " is", " fine."]),
        (("▁it", "'", "s", "▁2", "0"), [" it's", " 20"]),
        (("用", "▁i", "P", "hone", "吧"), ["用", " iPhone", "吧"]),
        (("hel@@", "lo", "wor@@", "l@@", "d", "你", "好"), ["hello", " world", "你", "好"]),
    ],
)
def test_tokens_are_put_together(tokens: tuple[str, ...], words: list[str]) -> None:
    assert texts(*tokens) == words


def test_a_token_ends_where_the_next_begins_or_a_pause_does() -> None:
    answer = OfflineRecognitionResult("一二三", ["一", "二", "三"], [0.1, 0.4, 2.0])
    words = words_of(answer, offset_s=10.0, duration_s=2.2)
    assert [(word.start_s, word.end_s) for word in words] == [
        (pytest.approx(start), pytest.approx(end)) for start, end in ((10.1, 10.4), (10.4, 11.0), (12.0, 12.2))
    ]


@pytest.mark.parametrize("timestamps", [[], [0.1]])
def test_without_times_of_its_tokens_there_are_no_words(timestamps: list[float]) -> None:
    answer = OfflineRecognitionResult("一二", ["一", "二"], timestamps)
    assert words_of(answer, offset_s=0.0, duration_s=1.0) == []


def test_sentences_share_the_time_by_their_length() -> None:
    heard = list(shared_out(" Good day. It is very late.", begin_ms=1000, end_ms=3700))
    assert [(each.text, each.begin_ms, each.end_ms, each.words) for each in heard] == [
        ("Good day.", 1000, 2100, ()),
        ("It is very late.", 2100, 3700, ()),
    ]
    assert list(shared_out(" ", begin_ms=0, end_ms=9)) == []


@pytest.mark.parametrize(
    ("lang", "text", "language"),
    [("<|yue|>", "", "yue"), ("en", "", "en"), ("<|nospeech|>", "", "und"), ("", "hello 你", "zh"), ("", "hi", "en")],
)
def test_languages(lang: str, text: str, language: str) -> None:
    assert language_of(OfflineRecognitionResult(text, lang=lang)) == language
