"""How Han characters are read that have several readings."""

from __future__ import annotations

import pytest

from services.speech.engines.jieba_cache import keep_jieba_cache_in
from services.speech.engines.kokoro.mandarin import MandarinPhonemizer, readings_of


@pytest.fixture(scope="module", autouse=True)
def _dictionary(tmp_path_factory: pytest.TempPathFactory) -> None:
    keep_jieba_cache_in(tmp_path_factory.mktemp("jieba"))


@pytest.mark.parametrize(
    ("text", "character", "reading"),
    [
        ("这条路很长", "长", "chang2"),
        ("有多长", "长", "chang2"),
        ("长六十厘米", "长", "chang2"),
        ("全长三公里", "长", "chang2"),
        ("他长高了", "长", "zhang3"),
        ("头发长出来了", "长", "zhang3"),
        ("增长三十米", "长", "zhang3"),
        ("校长一百岁", "长", "zhang3"),
        ("变得简单", "得", "de5"),
        ("跑得很快", "得", "de5"),
        ("说得好", "得", "de5"),
        ("获得成功", "得", "de2"),
        ("他得了第一", "得", "de2"),
        ("不得不走", "得", "de2"),
        ("我们得快点", "得", "dei3"),
        ("总得试试", "得", "dei3"),
        ("慢慢地走", "地", "de5"),
        ("认真地学习", "地", "de5"),
        ("高兴地说", "地", "de5"),
        ("这块地很大", "地", "di4"),
        ("北京地铁", "地", "di4"),
        ("草地上", "地", "di4"),
        ("两只狗", "只", "zhi1"),
        ("每只猫", "只", "zhi1"),
        ("这只鸟", "只", "zhi1"),
        ("这只是开始", "只", "zhi3"),
        ("数了一遍", "数", "shu3"),
        ("多数人", "数", "shu4"),
        ("重来", "重", "chong2"),
        ("重写一遍", "重", "chong2"),
        ("重五公斤", "重", "zhong4"),
        ("还钱", "还", "huan2"),
        ("还是", "还", "hai2"),
        ("三行代码", "行", "hang2"),
        ("一行人", "行", "xing2"),
        ("老师教我们唱歌", "教", "jiao1"),
        ("教学楼", "教", "jiao4"),
    ],
)
def test_the_surroundings_decide(text: str, character: str, reading: str) -> None:
    readings = [syllable for word in readings_of(text) for syllable in word]

    assert readings[text.index(character)] == reading


def test_every_occurrence_is_read() -> None:
    assert readings_of("数一数") == [["shu3", "yi1", "shu3"]]


def test_words_are_kept_together_and_marks_between_them() -> None:
    parts = list(MandarinPhonemizer().pronounce("他跑得快，对吗？"))

    assert "".join(part.phonemes for part in parts) == "tʰa→ pʰau↓tɤkʰwai↘, twei↘ ma?"
    assert [part.text for part in parts if part.text] == list("他跑得快对吗")
    assert [part.text for part in parts if part.goes_on] == ["得", "快"]


def test_what_nobody_can_read_is_left_out() -> None:
    known, unknown = (part for part in MandarinPhonemizer().pronounce("好㐊") if part.text)

    assert (known.phonemes, unknown.phonemes) == ("xau↓", "")
