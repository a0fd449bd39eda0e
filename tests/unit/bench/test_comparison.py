"""What counts as misheard when what was said and what was written down are compared."""

from __future__ import annotations

from pathlib import Path

import pytest

from bench.speech import chinese, english
from bench.speech.comparison import Comparison, compare, edit_distance, rate
from bench.speech.ledger import PLAIN, VARIED, Ledger, Outcome, Trip
from bench.speech.sentences import sentences
from services.speech.engines.base import Language


def misread(expected: str, heard: str) -> int:
    return compare(chinese.characters(expected), chinese.readings(heard)).errors


def missaid(expected: str, heard: str) -> int:
    return compare(english.words(expected), english.word_readings(heard)).errors


@pytest.mark.parametrize(
    ("expected", "heard", "errors"),
    [
        ("小猫", "小猫", 0),
        ("小猫", "小", 1),
        ("小猫", "小花猫", 1),
        ("小猫", "小狗", 1),
        ("小猫", "", 2),
        ("", "小猫", 2),
    ],
)
def test_an_edit_is_a_character_too_many_too_few_or_another(expected: str, heard: str, errors: int) -> None:
    assert misread(expected, heard) == errors


def test_the_nearest_of_several_readings_counts() -> None:
    heard = [(("a", "b"), ("c",)), (("d",),)]

    assert edit_distance(("a", "b", "d"), heard) == 0
    assert edit_distance(("c", "d"), heard) == 0
    assert edit_distance(("c", "b", "d"), heard) == 1
    assert edit_distance(("d",), heard) == 1


@pytest.mark.parametrize(
    ("expected", "heard"),
    [
        ("二十五", "25"),
        ("二五", "25"),
        ("一万两千三百四十五名", "12,345名"),
        ("一千零二十四元", "1024元"),
        ("二零二四年五月十二日", "2024年5月12日"),
        ("二零二四年五月十二日", "2024-05-12"),
        ("三点三十分", "3:30"),
        ("八点零五分", "8:05"),
        ("百分之十五点六", "15.6%"),
        ("四分之三", "3/4"),
        ("三点二亿美元", "3.2亿美元"),
        ("三点二亿美元", "$3.2亿"),
        ("二十三点五摄氏度", "23.5℃"),
        ("二十三点五摄氏度", "23.5°C"),
        ("二十三度", "23°"),
        ("五公斤", "5kg"),
        ("三十公里", "30km"),
        ("一三八零零", "幺三八〇〇"),
        ("IPHONE手机", "iPhone 手机。"),
        ("WIFI", "Wi-Fi"),
        ("她有两本", "他有二本"),
    ],
)
def test_mandarin_that_sounds_the_same_is_the_same(expected: str, heard: str) -> None:
    assert misread(expected, heard) == 0


@pytest.mark.parametrize(
    ("expected", "heard"),
    [
        ("二十五", "26"),
        ("一千二百", "1020"),
        ("二零二四年", "2025年"),
        ("三点三十分", "3:13"),
        ("百分之十五", "15"),
        ("十五美元", "15元"),
        ("二十三度", "22°"),
        ("IPHONE", "IPAD"),
        ("洒在湖面", "撒在湖面"),
    ],
)
def test_mandarin_that_sounds_or_reads_differently_is_not(expected: str, heard: str) -> None:
    assert misread(expected, heard) > 0


def test_of_syllables_another_character_of_the_same_sound_is_right() -> None:
    expected = chinese.syllables("洒在湖面上")

    assert edit_distance(expected, chinese.syllable_readings("撒在湖面上")) == 1  # sǎ and sā
    assert edit_distance(expected, chinese.syllable_readings("洒在胡面上")) == 0


@pytest.mark.parametrize(
    ("expected", "heard"),
    [
        ("twelve dollars and fifty cents", "$12.50"),
        ("twenty five dollars", "$25"),
        ("three million pounds", "£3 million."),
        ("nineteen ninety eight", "1998"),
        ("two thousand five", "2005"),
        ("march third", "March 3rd"),
        ("march third nineteen ninety eight", "March 3, 1998"),
        ("eight oh five", "8:05"),
        ("three o'clock", "3:00"),
        ("five five five zero one four two", "555-0142"),
        ("five five five zero one four two", "5550142"),
        ("three fourths", "3/4"),
        ("three quarters", "3/4"),
        ("thirty five degrees celsius", "35°C"),
        ("sixty centimeters", "60 cm"),
        ("sixty centimeters", "60 centimetres"),
        ("fifteen point six percent", "15.6%"),
        ("one thousand two hundred fifty", "1,250"),
        ("mister johnson", "Mr. Johnson"),
        ("ill disposed", "ill-disposed"),
        ("it's fine", "It’s fine!"),
    ],
)
def test_english_that_sounds_the_same_is_the_same(expected: str, heard: str) -> None:
    assert missaid(expected, heard) == 0
    assert compare(english.characters(expected), english.readings(heard)).errors == 0


@pytest.mark.parametrize(
    ("expected", "heard", "errors"),
    [
        ("twenty five dollars", "$26", 1),
        ("nineteen ninety eight", "1999", 1),
        ("march third", "March 4th", 1),
        ("eight oh five", "8:50", 2),
        ("fifteen percent", "50%", 1),
        ("a large audience", "the large audience", 1),
    ],
)
def test_english_that_sounds_different_is_not(expected: str, heard: str, errors: int) -> None:
    assert missaid(expected, heard) == errors


def test_a_rate_is_of_all_that_was_expected() -> None:
    assert rate([Comparison(1, 10), Comparison(0, 30)]) == 1 / 40
    assert rate([]) == 0.0


@pytest.mark.parametrize("language", Language)
def test_every_sentence_can_be_told_from_its_own_figures(language: Language) -> None:
    sounds = chinese if language is Language.CHINESE else english
    spoken = sentences(language)

    assert len({sentence.text for sentence in spoken}) == len(spoken) >= 30
    assert len({sentence.kind for sentence in spoken}) >= 8
    for sentence in spoken:
        assert compare(sounds.characters(sentence.reading), sounds.readings(sentence.text)).errors == 0, sentence


def test_results_outlive_the_run_that_made_them(tmp_path: Path) -> None:
    file = tmp_path / "folder" / "results.json"
    plain, fast = (Trip("zhichu", condition, "你好") for condition in (PLAIN, VARIED[1]))
    outcome = Outcome("你好", "zh", "00", audio_s=1.0, speaking_s=0.5, hearing_s=0.4, load=1.0)
    Ledger(file).keep(plain, outcome)

    assert Ledger(file).find(plain) == outcome
    assert Ledger(file).find(fast) is None


def test_every_way_of_speaking_has_a_name_of_its_own() -> None:
    assert [str(condition) for condition in (PLAIN, *VARIED)] == [
        "plain",
        "rate 0.5",
        "rate 2",
        "pitch 0.7",
        "pitch 1.4",
    ]
