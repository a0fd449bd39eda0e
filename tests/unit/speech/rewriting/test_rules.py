"""The rules: what they change, what they never touch, and that they are the same every time."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.speech.engines.base import RewriteMode, RewriteRequest, RewrittenText
from services.speech.engines.rules.chinese import replace_words
from services.speech.engines.rules.clauses import turn_chinese, turn_english
from services.speech.engines.rules.engine import RulesRewriter
from services.speech.engines.rules.lexicon import Entry, chinese_lexicon, english_lexicon
from services.speech.engines.rules.masking import Mask
from services.speech.engines.rules.segmentation import words_of
from services.speech.engines.rules.style import Chooser, Register, Style
from services.speech.engines.rules.writer import Written, write
from services.speech.text.survival import lost_tokens

SEED = "seed"
PLAIN = Style(Register.NEUTRAL, 1.0)
SENTENCES = (
    "虽然今天的天气非常寒冷，但是大家的热情依然很高。",
    "因为团队拥有很多经验，所以我们必须尽快完成任务。",
    "这款产品特别受欢迎，很多顾客都喜欢它（包括老人和孩子）。",
    "如果你觉得好看，不妨马上购买呀！",
    "However, people usually find an important answer quickly. ",
    "Because the weather was cold, we stayed at home. ",
    "其实没有那么难。\n",
    "……",
)
KEPT = (
    "2024年3月5日",
    "3,600.50元",
    "138-0013-8000",
    "https://example.com/a?b=1&c=2",
    "sales@example.com",
    "“非常感谢大家的支持”",
    "《非常美丽的风景》",
    "GPT-4o",
    "欧阳明月教授",
    "\ue000\ue123",
)


def _request(text: str, *, ratio: float = 1.0, instruction: str = "") -> RewriteRequest:
    mode = RewriteMode.CUSTOM if instruction else RewriteMode.AUTO
    return RewriteRequest(text, mode, instruction, ratio)


def _text(written: Written) -> str:
    return "".join(written.pieces)


def _replaced(sentence: str, style: Style = PLAIN) -> str:
    return replace_words(words_of(sentence), style, Chooser(SEED))


texts = st.lists(
    st.one_of(st.sampled_from(SENTENCES), st.sampled_from(KEPT), st.text(max_size=12)), min_size=1, max_size=12
)


@settings(max_examples=60, deadline=None)
@given(
    parts=texts, ratio=st.sampled_from([0.1, 0.5, 1.0, 1.7, 3.0]), wish=st.sampled_from(["", "正式", "活泼", "简洁"])
)
def test_what_is_protected_survives_and_something_is_left(parts: list[str], ratio: float, wish: str) -> None:
    text = "".join(parts)
    if not text.strip():
        return
    written = _text(write(_request(text, ratio=ratio, instruction=wish), SEED))
    assert written.strip()
    assert lost_tokens(text, written) == ()
    mask = Mask(text)
    assert mask.restore(mask.text) == text


@pytest.mark.parametrize("ratio", [0.1, 1.0, 3.0])
@pytest.mark.parametrize("kept", KEPT)
def test_each_kind_of_token_survives_word_for_word(kept: str, ratio: float) -> None:
    text = "".join(f"{sentence}我们非常喜欢{kept}，因此马上告诉大家。" for sentence in SENTENCES[:3])
    for wish in ("", "正式", "活泼", "简洁"):
        written = _text(write(_request(text, ratio=ratio, instruction=wish), SEED))
        assert written.count(kept) == text.count(kept)


@settings(max_examples=50, deadline=None)
@given(text=st.text(max_size=200))
def test_segmentation_loses_nothing(text: str) -> None:
    assert "".join(word.text for word in words_of(text)) == text


def test_the_same_request_gets_the_same_text_and_another_seed_may_not() -> None:
    request = _request("".join(SENTENCES))
    assert _text(write(request, SEED)) == _text(write(request, SEED))
    assert len({_text(write(request, str(seed))) for seed in range(8)}) > 4


def test_a_text_of_ordinary_sentences_is_really_changed() -> None:
    for sentence in SENTENCES[:6]:
        assert _text(write(_request(sentence), SEED)) != sentence


@pytest.mark.parametrize(
    "sentence",
    [
        "他不能够来。",  # denied: permission is not ability
        "只需要十分钟。",  # a figure that looks like an adverb
        "这件事再好不过了。",  # an adverb that looks like a connective
        "这对他很有帮助。",  # a verb that stands for a thing
        "方便面和可口可乐都不少于三种。",  # words inside words
        "成就是努力换来的。",
        "这关系到隐私保护。",  # a verb that ends a compound
    ],
)
def test_words_are_left_where_they_mean_something_else(sentence: str) -> None:
    assert _replaced(sentence) == sentence


@pytest.mark.parametrize(
    ("style", "word", "expected"),
    [
        (Style(Register.FORMAL, 1.0), "非常", {"极为"}),
        (Style(Register.LIVELY, 1.0), "非常", {"特别"}),
        (Style(Register.NEUTRAL, 1.0), "非常", {"十分", "格外"}),
        (Style(Register.NEUTRAL, 2.0), "但是", {"但", "不过", "然而"}),
        (Style(Register.SHORT, 0.8), "与此同时", {"同时"}),
    ],
)
def test_the_style_chooses_the_word(style: Style, word: str, expected: set[str]) -> None:
    assert chinese_lexicon()[word].choose(style, Chooser(SEED)) in expected


@pytest.mark.parametrize(
    ("sentence", "turned"),
    [
        ("因为天气寒冷，所以比赛取消了。", "比赛取消了，这是因为天气寒冷。"),
        ("虽然路途遥远，但是大家都来了。", "大家都来了，尽管路途遥远。"),
        ("为了提高效率，公司引进了设备。", "公司引进了设备，为的是提高效率。"),
        ("因为小明病了，所以他没有来。", None),  # the pronoun points back
        ("因为下雨，所以才取消。", None),
        ("因为下雨，所以路滑，大家要小心。", None),
    ],
)
def test_clauses_are_turned_only_where_nothing_points_back(sentence: str, turned: str | None) -> None:
    assert turn_chinese(sentence) == (turned or sentence)


@pytest.mark.parametrize(
    ("sentence", "turned"),
    [
        ("Because the road was long, we took the train.", "We took the train because the road was long."),
        ("Because Tom was ill, he stayed at home.", None),
        ("If so, we go, and you too.", None),
    ],
)
def test_english_clauses(sentence: str, turned: str | None) -> None:
    assert turn_english(sentence) == (turned or sentence)


def test_english_keeps_names_articles_and_denials() -> None:
    text = "We met Dr. Really and Will Quickly. This is an important day. It is not really over."
    written = _text(write(_request(text), SEED))
    assert "Dr. Really" in written and "Will Quickly" in written and "not really" in written
    assert " an significant" not in written


def test_lengths() -> None:
    text = "".join(SENTENCES[:4]) * 3
    lengths = [len(_text(write(_request(text, ratio=ratio), SEED))) for ratio in (0.3, 1.0, 1.3)]
    assert lengths[0] < 0.5 * len(text) < lengths[1] < lengths[2]
    assert not write(_request(text, ratio=1.3), SEED).warnings
    [warning] = write(_request(text, ratio=3.0), SEED).warnings
    assert "未能达到要求的长度" in warning


def test_registers() -> None:
    formal = _text(write(_request("欢迎来到直播间呀！快来看看啦～", instruction="请写得更正式"), SEED))
    assert not set("！呀啦～") & set(formal)
    denied = write(_request("今天天气非常寒冷。", instruction="不要太正式"), SEED)
    assert any("只能识别" in warning for warning in denied.warnings)


def test_the_table_is_large_and_every_alternative_is_another_word() -> None:
    lexicons = (chinese_lexicon(), english_lexicon())
    assert len(lexicons[0]) >= 400 and len(lexicons[1]) >= 100
    entries: list[Entry] = [entry for lexicon in lexicons for entry in lexicon.values()]
    for entry in entries:
        written = [alternative.text for alternative in entry.alternatives]
        assert all(written) and entry.word not in written and len(set(written)) == len(written), entry.word


def test_five_thousand_characters_take_less_than_a_fifth_of_a_second() -> None:
    text = ("".join(SENTENCES[:6]) + "更多信息请访问 https://example.com/a 或拨打 138-0013-8000。") * 40
    request = _request(text[:5000], ratio=0.5)
    words_of("预热。")
    taken = []
    for _ in range(5):
        start = time.thread_time()
        write(request, SEED)
        taken.append(time.thread_time() - start)
    assert min(taken) < 1.0


@pytest.mark.parametrize(
    "text", ["（" * 5000, "“" * 5000, "a." * 2500, "1" * 5000, "一" * 5000, "因为，" * 1600, "《" * 2500 + "》"]
)
def test_no_text_takes_long(text: str) -> None:
    start = time.thread_time()
    assert _text(write(_request(text), SEED)).strip()
    assert time.thread_time() - start < 5.0


async def test_the_engine_gives_pieces_and_then_the_whole(tmp_path: Path) -> None:
    engine = RulesRewriter(tmp_path)
    events = [event async for event in engine.rewrite(_request("".join(SENTENCES[:3])), timeout_s=10)]
    whole = events[-1]
    assert isinstance(whole, RewrittenText)
    assert whole.text == "".join(map(str, events[:-1])) and len(events) > 3
    assert (whole.model, whole.quality.value, whole.prompt_tokens > 0) == ("rules", "approximate", True)
