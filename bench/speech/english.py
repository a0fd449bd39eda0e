"""English as it sounds: words of what was written down."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator

from bench.speech.comparison import Readings, Tokens
from services.speech.text.english_numbers import read_decimal, read_digits, read_integer, read_ordinal, read_year

_WORD = re.compile(r"[a-z]+")
_APOSTROPHE = re.compile("['’‘]")
# Ways to write one word.
_SAME = {
    "mr": "mister",
    "dr": "doctor",
    "mrs": "missus",
    "st": "saint",
    "ok": "okay",
    "metre": "meter",
    "metres": "meters",
    "kilometre": "kilometer",
    "kilometres": "kilometers",
    "centimetre": "centimeter",
    "centimetres": "centimeters",
    "theatre": "theater",
    "favourite": "favorite",
    "grey": "gray",
    "colour": "color",
}
_MONTHS = "january|february|march|april|may|june|july|august|september|october|november|december"
_CURRENCIES = {"$": ("dollars", "dollar"), "£": ("pounds", "pound"), "€": ("euros", "euro")}
_UNITS = {
    "%": ("percent",),
    "°c": ("degrees celsius",),
    "°f": ("degrees fahrenheit",),
    "°": ("degrees",),
    "kg": ("kilograms", "kilogram"),
    "km": ("kilometers", "kilometer"),
    "cm": ("centimeters", "centimeter"),
    "m": ("meters", "meter"),
    "": ("",),
}
_SCALES = ("thousand", "million", "billion")
_NUMBER = r"\d+(?:,\d{3})*(?:\.\d+)?"
_FIGURE = re.compile(
    rf"(?P<time>\d{{1,2}}:\d{{2}})|(?P<fraction>\d+/\d+)|(?P<ordinal>\d+)(?:st|nd|rd|th)\b"
    rf"|(?P<currency>[$£€])(?P<amount>{_NUMBER})(?:\s(?P<scale>{'|'.join(_SCALES)}))?"
    rf"|(?P<month>(?<=\b)(?:{_MONTHS})\s)?(?P<number>{_NUMBER})\s?"
    rf"(?P<unit>{'|'.join(re.escape(unit) for unit in _UNITS if unit)}|)(?![a-z])"
)


def words(text: str) -> Tokens:
    """Of a text that has no figures."""
    plain = _APOSTROPHE.sub("", unicodedata.normalize("NFKC", text).lower())
    return tuple(_SAME.get(word, word) for word in _WORD.findall(plain))


def word_readings(text: str) -> Readings:
    """Of a text as a recogniser writes it."""
    plain = unicodedata.normalize("NFKC", text).lower()
    return [tuple(words(way) for way in ways) for ways in _pieces(plain)]


def characters(text: str) -> Tokens:
    """Without spaces, which nobody hears: what is written as two words or one sounds the same."""
    return tuple("".join(words(text)))


def readings(text: str) -> Readings:
    """As `word_readings`, in characters."""
    return [tuple(tuple("".join(way)) for way in ways) for ways in word_readings(text)]


def _pieces(text: str) -> Iterator[tuple[str, ...]]:
    position = 0
    for match in _FIGURE.finditer(text):
        yield (text[position : match.start()],)
        yield tuple(_ways(match))
        position = match.end()
    yield (text[position:],)


def _ways(match: re.Match[str]) -> Iterator[str]:
    if match["time"]:
        yield from _times(*match["time"].split(":"))
    elif match["fraction"]:
        yield from _fractions(*match["fraction"].split("/"))
    elif match["ordinal"]:
        yield read_ordinal(match["ordinal"])
    elif match["currency"]:
        yield from _amounts(match["amount"], match["scale"], match["currency"])
    else:
        month = match["month"] or ""
        for number in _numbers(match["number"]):
            for measure in _UNITS[match["unit"]]:
                yield f"{month}{number} {measure}"
        if month and match["number"].isdecimal():
            yield f"{month}{read_ordinal(match['number'])}"


def _numbers(number: str) -> Iterator[str]:
    spoken = read_decimal(number)
    yield spoken
    yield re.sub(r"hundred (?=\w)", "hundred and ", spoken)
    if not number.isdecimal():
        return
    yield read_digits(number)
    yield read_digits(number).replace("zero", "oh")
    if len(number) == len("2024"):
        yield read_year(number)


def _times(hour: str, minute: str) -> Iterator[str]:
    start = read_integer(hour)
    if minute == "00":
        yield start
        yield f"{start} oclock"
        return
    yield f"{start} {'oh ' if minute.startswith('0') else ''}{read_integer(minute)}"


def _fractions(upper: str, lower: str) -> Iterator[str]:
    plural = "" if upper == "1" else "s"
    yield f"{read_integer(upper)} {read_ordinal(lower)}{plural}"
    if lower == "4":
        yield f"{read_integer(upper)} quarter{plural}"
    if lower == "2":
        yield f"{read_integer(upper)} half"


def _amounts(amount: str, scale: str | None, currency: str) -> Iterator[str]:
    for name in _CURRENCIES[currency]:
        for number in _numbers(amount):
            yield f"{number} {scale or ''} {name}"
    whole, _, cents = amount.partition(".")
    if cents and not scale:
        many, _one = _CURRENCIES[currency]
        yield f"{read_decimal(whole)} {many} and {read_integer(cents)} cents"
        yield f"{read_decimal(whole)} {many} {read_integer(cents)}"
        yield f"{read_decimal(whole)} {read_integer(cents)}"
