"""Where text is cut, and that nothing gets lost."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.speech.text.runs import Run, Script, split_runs
from services.speech.text.sentences import estimated_tokens, split_sentences

_ROOMY = 10_000.0
prose = st.text(alphabet="你好世界abcAB 0123.,，。！？!?;；:：\n\"”’)（）…—'-", max_size=300)


@pytest.mark.parametrize(
    ("text", "pieces"),
    [
        ("你好。世界！", ["你好。", "世界！"]),
        ("他说：“走吧！”然后走了。", ["他说：“走吧！”", "然后走了。"]),
        ("真的吗？！是的……好。", ["真的吗？！", "是的……", "好。"]),
        ("一行\n两行", ["一行\n", "两行"]),
        ("圆周率是3.14。好", ["圆周率是3.14。", "好"]),
        ("Mr. Smith came. He left.", ["Mr. Smith came. ", "He left."]),
        ("J. K. Rowling wrote it.", ["J. K. Rowling wrote it."]),
        ("See example.com/a?b=1 now. Done", ["See example.com/a?b=1 now. ", "Done"]),
        ("共100.然后", ["共100.", "然后"]),
        ("I met them at 5 p.m. Then we ate.", ["I met them at 5 p.m. Then we ate."]),
        ("", []),
    ],
)
def test_sentence_ends(text: str, pieces: list[str]) -> None:
    assert split_sentences(text, _ROOMY) == pieces


def test_long_sentence_is_cut_at_clauses() -> None:
    clauses = ["春天来了，", "花儿开了，", "鸟儿叫了，", "我们出门。"]
    assert split_sentences("".join(clauses), 45.0) == ["春天来了，花儿开了，", "鸟儿叫了，我们出门。"]


def test_pieces_are_about_equally_long() -> None:
    clause = "这是一句很长很长的话"
    pieces = split_sentences(f"{clause}，{clause}，{clause}，完。", 120.0)
    assert pieces == [f"{clause}，{clause}，", f"{clause}，完。"]


def test_no_word_is_left_alone() -> None:
    words = "They managed to finish the whole project before the deadline and showed it to a large audience."
    assert min(len(piece.split()) for piece in split_sentences(words, 130.0)) > 5


def test_clause_marks_inside_figures_do_not_cut() -> None:
    assert split_sentences("价格是1,234,567元整", 60.0)[0] != "价格是1,"


def test_long_latin_sentence_is_cut_at_spaces() -> None:
    pieces = split_sentences("word " * 40, 50.0)
    assert len(pieces) > 1
    assert all(piece.endswith(" ") for piece in pieces)


@given(prose, st.floats(min_value=20, max_value=200))
def test_no_text_is_lost_and_every_piece_fits(text: str, max_weight: float) -> None:
    pieces = split_sentences(text, max_weight)
    assert "".join(pieces) == text
    assert all(estimated_tokens(piece) <= max_weight for piece in pieces)


def test_runs_keep_punctuation_with_what_precedes_it() -> None:
    assert split_runs("“我用iPhone, 你呢？”") == [
        Run(Script.HAN, "“我用"),
        Run(Script.LATIN, "iPhone, "),
        Run(Script.HAN, "你呢？”"),
    ]


@given(prose)
def test_runs_lose_nothing(text: str) -> None:
    runs = split_runs(text)
    assert "".join(run.text for run in runs) == text or not runs
    assert all(left.script is not right.script for left, right in pairwise(runs))
