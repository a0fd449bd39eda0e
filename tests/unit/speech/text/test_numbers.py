"""Figures in words, in both languages."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.speech.text import chinese_numbers, english_numbers

_PLACE_VALUES = {"十": 10, "百": 100, "千": 1000}
_DIGIT_VALUES = {char: value for value, char in enumerate("零一二三四五六七八九")} | {"两": 2}


def value_of(spoken: str) -> int:
    """The inverse of `read_integer` for numbers below 10**16, written independently of it."""
    for mark, scale in (("亿", 10**8), ("万", 10**4)):
        head, separator, tail = spoken.rpartition(mark)
        if separator:
            return value_of(head) * scale + value_of(tail)
    total = digit = 0
    for char in spoken:
        if char in _DIGIT_VALUES:
            digit = _DIGIT_VALUES[char]
        else:
            total += max(digit, 1) * _PLACE_VALUES[char]
            digit = 0
    return total + digit


@pytest.mark.parametrize(
    ("digits", "spoken"),
    [
        ("0", "零"),
        ("000", "零"),
        ("10", "十"),
        ("12", "十二"),
        ("101", "一百零一"),
        ("110", "一百一十"),
        ("200", "二百"),
        ("1010", "一千零一十"),
        ("2005", "两千零五"),
        ("10001", "一万零一"),
        ("20000", "两万"),
        ("22000", "两万两千"),
        ("100020", "十万零二十"),
        ("10010000", "一千零一万"),
        ("200000000", "两亿"),
        ("1000000001", "十亿零一"),
        ("1300000000000", "一万三千亿"),
        ("12345678901234567", "一二三四五六七八九零一二三四五六七"),
    ],
)
def test_mandarin_quantities(digits: str, spoken: str) -> None:
    assert chinese_numbers.read_integer(digits) == spoken


@given(st.integers(min_value=0, max_value=10**16 - 1))
def test_mandarin_quantities_keep_their_value(number: int) -> None:
    assert value_of(chinese_numbers.read_integer(str(number))) == number


def test_mandarin_decimals_drop_separators_and_keep_every_place() -> None:
    assert chinese_numbers.read_decimal("1,234.50") == "一千二百三十四点五零"


def test_telephone_digits_say_yao() -> None:
    assert chinese_numbers.read_telephone("110") == "幺幺零"


@pytest.mark.parametrize(
    ("digits", "spoken"),
    [
        ("0", "zero"),
        ("13", "thirteen"),
        ("21", "twenty one"),
        ("100", "one hundred"),
        ("12345", "twelve thousand three hundred forty five"),
        ("1000000", "one million"),
        ("1000001", "one million one"),
    ],
)
def test_english_quantities(digits: str, spoken: str) -> None:
    assert english_numbers.read_integer(digits) == spoken


@pytest.mark.parametrize(
    ("digits", "spoken"),
    [
        ("1", "first"),
        ("12", "twelfth"),
        ("20", "twentieth"),
        ("21", "twenty first"),
        ("100", "one hundredth"),
    ],
)
def test_english_ordinals(digits: str, spoken: str) -> None:
    assert english_numbers.read_ordinal(digits) == spoken


@pytest.mark.parametrize(
    ("digits", "spoken"),
    [
        ("1999", "nineteen ninety nine"),
        ("1905", "nineteen oh five"),
        ("1900", "nineteen hundred"),
        ("2005", "two thousand five"),
        ("2024", "twenty twenty four"),
    ],
)
def test_english_years(digits: str, spoken: str) -> None:
    assert english_numbers.read_year(digits) == spoken
