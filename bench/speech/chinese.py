"""Mandarin as it sounds: characters, or syllables with their tones, of what was written down."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator

from pypinyin import Style, lazy_pinyin

from bench.speech.comparison import Readings, Tokens
from services.speech.text.chinese_numbers import read_decimal, read_digits, read_integer

_NOT_HEARD = re.compile(r"[^A-Z\u3400-\u9fff]+")
# Words for one thing that no ear tells apart, or that mean the same figure.
_SAME = str.maketrans({"两": "二", "俩": "二", "幺": "一", "她": "他", "它": "他", "〇": "零"})
_NUMBER = r"\d+(?:,\d{3})*(?:\.\d+)?"
_DATE = re.compile(r"(\d{4})[-/](\d{1,2})[-/](\d{1,2})")
_UNITS = {
    "%": ("",),
    "℃": ("摄氏度", "度"),
    "°C": ("摄氏度", "度"),
    "°": ("度",),
    "KM": ("公里", "千米"),
    "KG": ("公斤", "千克"),
    "CM": ("厘米", "公分"),
    "M": ("米",),
    "": ("",),
}
_CURRENCIES = {"$": ("美元", "美金"), "¥": ("元", "块", "块钱"), "": ("",)}
_FIGURE = re.compile(
    rf"(?P<time>\d{{1,2}}[::]\d{{2}}(?!\d))|(?P<fraction>\d+/\d+)"
    rf"|(?P<currency>[$¥]?)(?P<number>{_NUMBER})(?P<scale>[万亿]*)"
    rf"(?P<unit>{'|'.join(re.escape(unit) for unit in _UNITS if unit)}|)(?![A-Z]*[A-LN-Z])"
)


def characters(text: str) -> Tokens:
    """What can be heard of a text that is in words already."""
    return tuple(_NOT_HEARD.sub("", text.translate(_SAME).upper()))


def readings(text: str) -> Readings:
    """Of a text as a recogniser writes it."""
    plain = _DATE.sub(r"\1年\2月\3日", unicodedata.normalize("NFKC", text).upper().replace("°C", "℃"))
    return [tuple(characters(way) for way in ways) for ways in _pieces(plain)]


def syllables(text: str) -> Tokens:
    """As `characters`, with the sound of each instead: what only sounds alike is no error of the voice."""
    return tuple(lazy_pinyin("".join(characters(text)), style=Style.TONE3, neutral_tone_with_five=True))


def syllable_readings(text: str) -> Readings:
    """As `readings`, in syllables. The sound of a character is looked up within its piece."""
    return [tuple(syllables("".join(way)) for way in ways) for ways in readings(text)]


def _pieces(text: str) -> Iterator[tuple[str, ...]]:
    position = 0
    for match in _FIGURE.finditer(text):
        yield (text[position : match.start()],)
        yield tuple(_ways(match))
        position = match.end()
    yield (text[position:],)


def _ways(match: re.Match[str]) -> Iterator[str]:
    if match["time"]:
        yield from _times(*re.split("[::]", match["time"]))
    elif match["fraction"]:
        upper, lower = match["fraction"].split("/")
        yield f"{read_integer(lower)}分之{read_integer(upper)}"
    else:
        unit = match["unit"]
        before = "百分之" if unit == "%" else ""
        for number in _numbers(match["number"]):
            for measure in _UNITS[unit]:
                for currency in _CURRENCIES[match["currency"]]:
                    yield f"{before}{number}{match['scale']}{measure}{currency}"


def _numbers(number: str) -> Iterator[str]:
    yield read_decimal(number)
    if number.isdecimal():
        yield read_digits(number)


def _times(hour: str, minute: str) -> Iterator[str]:
    start = f"{read_integer(hour)}点"
    if minute == "00":
        yield start
        yield f"{start}整"
        return
    zero = "零" if minute.startswith("0") else ""
    yield f"{start}{zero}{read_integer(minute)}分"
    yield f"{start}{zero}{read_integer(minute)}"
    if minute == "30":
        yield f"{start}半"
