"""Tokens: what a text costs, and how it is cut by them."""

from __future__ import annotations

import random

import pytest

from services.speech.text.tokens import count_tokens, split_by_tokens


@pytest.mark.parametrize(
    ("text", "tokens"),
    [
        ("今天天气真好", 6),
        ("你好，欢迎使用配音服务", 10),
        ("hello", 2),
        ("abcd", 1),
        ("abcd efgh", 2),
        ("iPhone15", 2),
        ("2024年5月12日", 1 + 1 + 1 + 1 + 1 + 1),
        ("，。！ \n", 1),
        ("", 1),
        ("こんにちは", 5),
        ("한국어", 3),
        ("𠮷", 1),
        ("ＡＢＣＤＥ", 2),
        ("café", 1),
        ("😀好", 1),
    ],
)
def test_what_a_text_costs(text: str, tokens: int) -> None:
    assert count_tokens(text) == tokens


def test_without_a_limit_it_is_one_piece() -> None:
    assert split_by_tokens("一。二。", None) == ["一。二。"]


def test_sentences_are_packed_while_they_fit() -> None:
    assert split_by_tokens("今天天气好。明天也好。" * 2, 20) == ["今天天气好。明天也好。今天天气好。明天也好。"]
    assert split_by_tokens("今天天气真的很好。明天天气也很好。" * 2, 20) == ["今天天气真的很好。明天天气也很好。"] * 2


def test_a_long_sentence_is_cut_where_a_reader_pauses() -> None:
    text = "今天天气真好，我们一起去公园散步，看看花，听听鸟叫，然后再去吃一顿好吃的晚饭。"
    assert split_by_tokens(text, 20) == [
        "今天天气真好，我们一起去公园散步，看看花，",
        "听听鸟叫，然后再去吃一顿好吃的晚饭。",
    ]


def test_figures_stay_whole() -> None:
    pieces = split_by_tokens("价格从1,280元降到1,024元" * 6, 20)
    assert not [piece for piece in pieces if piece.endswith(("1,", "1"))]


@pytest.mark.parametrize("seed", range(20))
def test_nothing_is_lost_and_no_piece_is_too_long(seed: int) -> None:
    numbers = random.Random(seed)
    text = "".join(numbers.choice("中文好吗，。！ a1Bz.,\n") for _ in range(numbers.randrange(1, 500)))
    limit = numbers.choice([20, 57, 200])
    pieces = split_by_tokens(text, limit)
    assert "".join(pieces) == text
    assert all(count_tokens(piece) <= limit for piece in pieces)
