"""Sentences as one text."""

import pytest

from services.speech.text.joining import joined


@pytest.mark.parametrize(
    ("sentences", "text"),
    [
        (["你好。", "再见！"], "你好。再见！"),
        (["It is late.", "Let us go."], "It is late. Let us go."),
        (["他说没有标点", "又一句"], "他说没有标点又一句"),
        (["他叫 Tom", "走吧"], "他叫 Tom走吧"),
        (["", "好"], "好"),
        ([], ""),
    ],
)
def test_spaces_are_where_the_script_has_them(sentences: list[str], text: str) -> None:
    assert joined(sentences) == text
