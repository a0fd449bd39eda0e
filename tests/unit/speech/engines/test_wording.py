"""From words as they are pronounced back to words as they were written."""

from __future__ import annotations

import re

import pytest

from services.speech.engines.wording import Uttered, written_words


def uttered(spoken: str) -> list[Uttered]:
    """Words between spaces, Han characters of one word together; each character or Latin word lasts ten samples."""
    found: list[Uttered] = []
    for word in spoken.split():
        for place, text in enumerate(re.findall(r"[a-z']+|.", word)):
            found.append(Uttered(text, 10 * len(found), 10 * len(found) + 10, goes_on=place > 0))
    return found


@pytest.mark.parametrize(
    ("text", "spoken", "words"),
    [
        ("你好，世界！", "你好 , 世界 !", "你好 世界"),
        ("他跑完10公里。", "他 跑 完 十公里 .", "他 跑 完 10公里"),
        ("12,345名学生", "一万 二千 三百 四十五 名 学生", "12,345 名 学生"),
        ("35℃，5kg，60cm。", "三十五 摄氏度 , 五公斤 , 六十厘米 .", "35℃ 5kg 60cm"),
        ("花了¥25.5。", "花 了 二十五点 五元 .", "花 了 ¥25.5"),
        ("“好”，他说：“走！”", "好 , 他 说 : 走 !", "好 他 说 走"),
        ("iPhone手机和AI", "iphone 手机 和 ai", "iPhone 手机 和 AI"),
        ("Don’t, it's 5 kg.", "don't , it's five kilograms .", "Don’t it's 5·kg"),
        ("A well-known cat", "a well known cat", "A well known cat"),
        ("好👍吧", "好 吧", "好 吧"),
        ("好㐊吧", "好 吧", "好 吧"),
        ("", "好", ""),
        ("。。。", "", ""),
    ],
)
def test_words_are_those_of_the_text(text: str, spoken: str, words: str) -> None:
    found = written_words(text, uttered(spoken))

    assert [word.text for word in found] == [word.replace("·", " ") for word in words.split()]


def test_a_figure_lasts_as_long_as_all_its_words() -> None:
    assert [
        (word.text, word.begin, word.end) for word in written_words("共 12,345 名", uttered("共 一万 二千 名"))
    ] == [
        ("共", 0, 10),
        ("12,345", 10, 50),
        ("名", 50, 60),
    ]


def test_characters_of_one_word_are_one_word_only_where_they_stand_together() -> None:
    assert [word.text for word in written_words("今 天", uttered("今天"))] == ["今", "天"]
