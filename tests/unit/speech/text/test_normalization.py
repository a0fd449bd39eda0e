"""What a client writes against what is read aloud."""

import re
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.speech.text.cleaning import clean
from services.speech.text.normalization import Reading, normalize
from services.speech.text.script import speakable_sentences

_ALLOWED = re.compile(r"[A-Za-z\u3400-\u9fff ',.!?;:()\"—…，。！？；：、（）《》「」『』【】“”‘]*")
_ADVERSARIAL_BYTES = 64 * 1024
_ADVERSARIAL_LIMIT_S = 5.0  # of CPU time; many times what it takes, far below what a quadratic scan would

figures = st.text(alphabet="0123456789.,-/:%$¥+~年月日个第到 aA@", max_size=80)


def chinese(text: str) -> str:
    return normalize(clean(text), default_reading=Reading.CHINESE)


def english(text: str) -> str:
    return normalize(clean(text), default_reading=Reading.ENGLISH)


@pytest.mark.parametrize(
    ("written", "spoken"),
    [
        ("有12,345人", "有一万两千三百四十五人"),
        ("共3.14159米", "共三点一四一五九米"),
        ("增长15.6%", "增长百分之十五点六"),
        ("含量5‰", "含量千分之五"),
        ("约5%-10%", "约百分之五到十"),
        ("占1/3", "占三分之一"),
        ("½杯水", "二分之一杯水"),
        ("气温-5℃", "气温零下五摄氏度"),
        ("利润-3.5万元", "利润负三点五万元"),
        ("比分3:2", "比分三比二"),
        ("第2名", "第二名"),
        ("2个苹果", "两个苹果"),
        ("2月2日2点", "二月二日两点"),
        ("10-20公里", "十到二十公里"),
        ("3~5天", "三到五天"),
        ("速度120km/h", "速度一百二十公里每小时"),
        ("面积100㎡", "面积一百平方米"),
        ("1+1=2", "一加一等于二"),
        ("1920x1080", "一千九百二十乘一千零八十"),
    ],
)
def test_quantities(written: str, spoken: str) -> None:
    assert chinese(written) == spoken


@pytest.mark.parametrize(
    ("written", "spoken"),
    [
        ("2024年", "二零二四年"),
        ("2024年5月12日", "二零二四年五月十二日"),
        ("2024-05-01开始", "二零二四年五月一日开始"),
        ("2024/5/1开始", "二零二四年五月一日开始"),
        ("2024-05报表", "二零二四年五月报表"),
        ("2020-2024年", "二零二零到二零二四年"),
        ("1500年前", "一千五百年前"),
        ("3000年历史", "三千年历史"),
        ("90后", "九零后"),
        ("10:00开会", "十点开会"),
        ("8:05出发", "八点零五分出发"),
        ("08:00:05整", "八点零分五秒整"),
        ("3:30 PM见", "下午三点三十分见"),
        ("下午3:30 PM见", "下午三点三十分见"),
    ],
)
def test_dates_and_times(written: str, spoken: str) -> None:
    assert chinese(written) == spoken


@pytest.mark.parametrize(
    ("written", "spoken"),
    [
        ("手机13800138000", "手机幺三八，零零幺三，八零零零"),
        ("电话010-12345678", "电话零幺零，幺二三四五六七八"),
        ("拨打110", "拨打幺幺零"),
        ("+86 13800138000来电", "加八六，幺三八，零零幺三，八零零零来电"),
        ("订单20240512000123", "订单二零二四零五一二零零零一二三"),
        ("编号1234567", "编号一二三四五六七"),
        ("1000000元", "一百万元"),
        ("特工007", "特工零零七"),
        ("地址192.168.1.1", "地址一九二点一六八点一点一"),
        ("书号978-7-111-12345-6", "书号九七八，七，一一一，一二三四五，六"),
    ],
)
def test_telephone_numbers_and_codes(written: str, spoken: str) -> None:
    assert chinese(written) == spoken


@pytest.mark.parametrize(
    ("written", "spoken"),
    [
        ("价格¥1,234.50", "价格一千二百三十四点五元"),
        ("价格￥99元", "价格九十九元"),
        ("省$399", "省三百九十九美元"),
        ("花了RMB300", "花了三百元"),
        ("200万USD", "二百万美元"),
        ("RMB 300整", "三百元整"),
        ("2万元", "两万元"),
        ("12.80元", "十二点八零元"),
    ],
)
def test_money(written: str, spoken: str) -> None:
    assert chinese(written) == spoken


@pytest.mark.parametrize(
    ("written", "spoken"),
    [
        ("5G网络", "五G网络"),
        ("MP3和iPhone15", "MP三和iPhone十五"),
        ("空客A380", "空客A三八零"),
        ("旧款iPhone5s", "旧款iPhone五s"),
        ("写信到foo.bar@mail.cn。", "写信到 foo 点 bar 艾特 mail 点 CN。"),
        ("访问https://www.example.com/a1，谢谢", "访问 WWW 点 example 点 com 斜杠 A 一，谢谢"),
        ("他说I have 3 red apples，对吧", "他说I have three red apples，对吧"),
        ("A&B公司", "A和B公司"),
    ],
)
def test_latin_inside_chinese(written: str, spoken: str) -> None:
    assert chinese(written) == spoken


@pytest.mark.parametrize(
    ("written", "spoken"),
    [
        ("It costs $399.99.", "It costs three hundred ninety nine dollars and ninety nine cents."),
        ("It cost $5 million.", "It cost five million dollars."),
        ("On 2024-05-01 at 3:30 pm", "On May first, twenty twenty four at three thirty P.M."),
        ("At 10:00", "At ten o'clock"),
        ("12,345 people", "twelve thousand three hundred forty five people"),
        ("3.5% of 10-20 km", "three point five percent of ten to twenty kilometers"),
        ("The 21st of 3/4", "The twenty first of three fourths"),
        ("the 1990s", "the nineteen nineties"),
        ("It is -5°C", "It is minus five degrees Celsius"),
        ("call 1-800-555-0199", "call one, eight zero zero, five five five, zero one nine nine"),
        ("version v2.0.1", "version v two dot zero dot one"),
        ("see www.example.com.", "see WWW dot example dot com."),
        ("naïve café", "naive cafe"),
    ],
)
def test_english(written: str, spoken: str) -> None:
    assert english(written) == spoken


@pytest.mark.parametrize("written", ["", "   ", "。。。！", "👍👩‍👧", "\u0000\u200b", "…—", "Привет", "ひらがな"])
def test_nothing_to_say(written: str) -> None:
    assert chinese(written) == ""
    assert speakable_sentences(written, 100, default_reading=Reading.CHINESE) == []


def test_full_width_and_emoji_are_cleaned() -> None:
    assert clean("２０２４年ＡＢＣ，好的👍\u200b！\r\n") == "2024年ABC，好的！\n"


def test_combining_marks_compose_or_vanish() -> None:
    assert clean("cafe\u0301 e\u0301\u0327\u0327") == "café é"


@given(st.text(max_size=200), st.sampled_from(Reading))
def test_any_text_becomes_letters_and_punctuation(text: str, reading: Reading) -> None:
    assert _ALLOWED.fullmatch(normalize(clean(text), default_reading=reading))


@given(figures, st.sampled_from(Reading))
def test_no_digit_reaches_the_phonemizer(text: str, reading: Reading) -> None:
    spoken = normalize(clean(text), default_reading=reading)
    assert not any(char.isdigit() for char in spoken)
    assert spoken or not any(char.isdigit() for char in text)


@given(figures)
def test_reading_is_settled(text: str) -> None:
    once = chinese(text)
    assert chinese(once) == once


@pytest.mark.parametrize(
    "unit",
    ["1", "1 ", "1,", "111,", "1.", "1-", "1:", "1/", "a", "a@", "a.", "http://", "2个", "2024年", "(", "ﷺ", "\n"],
)
def test_hostile_text_takes_linear_time(unit: str) -> None:
    text = unit * (_ADVERSARIAL_BYTES // len(unit.encode()))
    started = time.process_time()
    speakable_sentences(text, 120, default_reading=Reading.CHINESE)
    normalize(clean(text), default_reading=Reading.ENGLISH)
    assert time.process_time() - started < _ADVERSARIAL_LIMIT_S


def test_stacked_combining_marks_take_linear_time() -> None:
    started = time.process_time()
    clean("e" + "\u0301\u0327" * (_ADVERSARIAL_BYTES // 4))
    assert time.process_time() - started < _ADVERSARIAL_LIMIT_S
