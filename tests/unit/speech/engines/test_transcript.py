"""Sentences out of words as the model hears them."""

from __future__ import annotations

import pytest

from services.speech.engines.base import RecognizedPart
from services.speech.engines.recognition.transcript import HeardWord, sentences_of

SIMPLER = str.maketrans("鳥樹點", "鸟树点")


def words(*texts: str, step_s: float = 0.3, pauses: dict[int, float] | None = None) -> list[HeardWord]:
    """One after another, each as long as the step, with pauses before some."""
    heard, now = [], 0.0
    for number, text in enumerate(texts):
        now += (pauses or {}).get(number, 0.0)
        heard.append(HeardWord(text, now, now + step_s))
        now += step_s
    return heard


def texts_of(heard: list[HeardWord], *, duration_ms: int = 60_000) -> list[str]:
    return [each.text for each in sentences_of(heard, simplify=lambda t: t.translate(SIMPLER), duration_ms=duration_ms)]


@pytest.mark.parametrize(
    ("heard", "expected"),
    [
        (words("今天", "天气", "很好,", "我们", "走吧。", "好", "的?"), ["今天天气很好，我们走吧。", "好的？"]),
        (words(" The", " weather", " is", " fine.", " Let", " us", " go!"), ["The weather is fine.", "Let us go!"]),
        (words(" Mr.", " Smith", " paid", " 3", ".5", "."), ["Mr. Smith paid 3.5."]),
        (words("湖面", "上", " 远处"), ["湖面上，远处"]),
        (words("用", " AI", " 写", " 字"), ["用 AI 写，字"]),
        (words("小", "鳥", "在", "樹上"), ["小鸟在树上"]),
        (words("停", "顿", pauses={1: 0.9}), ["停", "顿"]),
        (words("不", "停", pauses={1: 0.5}), ["不停"]),
        (words(*("长",) * 21, "句", pauses={21: 0.25}), ["长" * 21, "句"]),
        (words(*("长",) * 40, "长,", "句"), ["长" * 41 + "，", "句"]),
        (words(" ", "。"), []),
        ([], []),
    ],
)
def test_where_sentences_end(heard: list[HeardWord], expected: list[str]) -> None:
    if expected == []:
        assert not any(text.strip("。 ") for text in texts_of(heard))
    else:
        assert texts_of(heard) == expected


def test_times_are_milliseconds_within_the_recording() -> None:
    [sentence] = sentences_of(words(" One", " two", step_s=0.7), simplify=str, duration_ms=1_000)
    assert (sentence.text, sentence.begin_ms, sentence.end_ms) == ("One two", 0, 1_000)
    assert sentence.words == (RecognizedPart("One", 0, 700), RecognizedPart("two", 700, 1_000))


def test_a_conversion_that_changes_the_length_is_made_word_by_word() -> None:
    [sentence] = sentences_of(words("甲", "乙"), simplify=lambda text: text.replace("乙", "丙丁"), duration_ms=9_000)
    assert [word.text for word in sentence.words] == ["甲", "丙丁"]
