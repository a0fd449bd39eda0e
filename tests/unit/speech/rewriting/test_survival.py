"""What must survive a rewrite, and what counts as having survived."""

from __future__ import annotations

import pytest

from services.speech.text.survival import lost_tokens
from services.speech.text.tokens import count_tokens


@pytest.mark.parametrize(
    ("original", "rewritten", "lost"),
    [
        ("共有3600人参加。", "参加者有3,600人。", ()),
        ("共有3600人参加。", "参加者有360人。", ("3600",)),
        ("共有3600人参加。", "参加者有13600人。", ("3600",)),
        ("涨了3.50元", "上涨3.5元", ()),
        ("买了3个", "买了三个", ()),
        ("在2024年", "在二零二四年", ()),
        ("全角１２３", "半角123", ()),
        ("请看https://a.example/b?c=1。", "请看 https://a.example/b?c=1", ()),
        ("请看https://a.example/b?c=1。", "请看 https://a.example/b", ("https://a.example/b?c=1",)),
        ("写信给 me@a.example", "写信给我", ("me@a.example",)),
        ("读过《红楼梦》吗", "读过红楼梦吗", ("《红楼梦》",)),
        ("王小明先生说他会来", "王先生说他会来", ("王小明",)),
        ("欧阳修表示同意", "他表示同意", ("欧阳修",)),
        ("曾经表示同意，周围老师也在", "过去表示同意", ()),
        ("我们用 iPhone 和 AI 拍摄", "我们用 iphone 拍摄", ("AI",)),
        ("The team met Alice in Paris.", "The team saw her in Paris.", ("Alice",)),
        ("This works. Nobody knows why.", "It does.", ()),
        ("He doesn't know NASA or GPT-4o.", "He knows not.", ("NASA", "GPT-4o")),
        ("", "", ()),
    ],
)
def test_lost_tokens(original: str, rewritten: str, lost: tuple[str, ...]) -> None:
    assert lost_tokens(original, rewritten) == lost


@pytest.mark.parametrize(("text", "tokens"), [("你好", 2), ("hello", 2), ("你好 GPT4", 3), ("！？", 1), ("", 1)])
def test_tokens(text: str, tokens: int) -> None:
    assert count_tokens(text) == tokens
