"""English sentences: every figure and symbol into words."""

import re

from services.speech.text.addresses import AddressWords, read_addresses
from services.speech.text.english_numbers import (
    read_decimal,
    read_digits,
    read_integer,
    read_ordinal,
    read_year,
)
from services.speech.text.scanner import Rule, Scanner

_MONTHS = (
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
)
_NUMBER = r"(?:\d{1,3}(?:,\d{3}){1,5}(?!\d)|\d{1,18}(?!\d))(?:\.\d{1,12}(?!\d))?"
_START = r"(?<![\d.])"
_CURRENCIES = {
    "$": ("dollar", "dollars"),
    "¥": ("yuan", "yuan"),
    "€": ("euro", "euros"),
    "£": ("pound", "pounds"),
}
_SCALES = {"k": "thousand", "m": "million", "b": "billion", "bn": "billion"}
_UNITS = {
    "km/h": ("kilometer per hour", "kilometers per hour"),
    "m/s": ("meter per second", "meters per second"),
    "km": ("kilometer", "kilometers"),
    "cm": ("centimeter", "centimeters"),
    "mm": ("millimeter", "millimeters"),
    "m": ("meter", "meters"),
    "kg": ("kilogram", "kilograms"),
    "mg": ("milligram", "milligrams"),
    "g": ("gram", "grams"),
    "ml": ("milliliter", "milliliters"),
    "L": ("liter", "liters"),
    "ft": ("foot", "feet"),
    "lb": ("pound", "pounds"),
    "lbs": ("pound", "pounds"),
    "mph": ("mile per hour", "miles per hour"),
    "KB": ("kilobyte", "kilobytes"),
    "MB": ("megabyte", "megabytes"),
    "GB": ("gigabyte", "gigabytes"),
    "TB": ("terabyte", "terabytes"),
    "Hz": ("hertz", "hertz"),
    "kHz": ("kilohertz", "kilohertz"),
    "MHz": ("megahertz", "megahertz"),
    "GHz": ("gigahertz", "gigahertz"),
    "kW": ("kilowatt", "kilowatts"),
    "ms": ("millisecond", "milliseconds"),
    "min": ("minute", "minutes"),
    "°C": ("degree Celsius", "degrees Celsius"),
    "°F": ("degree Fahrenheit", "degrees Fahrenheit"),
    "°": ("degree", "degrees"),
    "%": ("percent", "percent"),
    "‰": ("per mille", "per mille"),
}
_UNIT_PATTERN = "|".join(map(re.escape, sorted(_UNITS, key=len, reverse=True)))
_SYMBOLS = {
    "&": " and ",
    "@": " at ",
    "+": " plus ",
    "=": " equals ",
    "%": " percent ",
    "×": " times ",
    "÷": " divided by ",
    "±": " plus or minus ",
    "°": " degrees ",
    "#": " number ",
    "$": " dollars ",
    "€": " euros ",
    "£": " pounds ",
    "¥": " yuan ",
    "≈": " about ",
    "≤": " at most ",
    "≥": " at least ",
    "<": " less than ",
    ">": " greater than ",
}
_ADDRESS_WORDS = AddressWords(
    {".": "dot", "/": "slash", "-": "dash", "_": "underscore", "@": "at", "=": "equals", "&": "and", "+": "plus"},
    read_digits,
)
_MAX_QUANTITY_DIGITS = 6
_MAX_DENOMINATOR_DIGITS = 3


def read_english(text: str) -> str:
    """`text` without a single digit: quantities, money, dates, times, ranges and codes as words."""
    return _SCANNER.replace(text)


def read_addresses_in_english(text: str) -> str:
    return read_addresses(text, _ADDRESS_WORDS)


def _read_date(match: re.Match[str]) -> str:
    month, day = int(match["date_month"]), int(match["date_day"])
    if not (1 <= month <= 12 and 1 <= day <= 31):
        return _read_code(match)
    return f"{_MONTHS[month - 1]} {read_ordinal(str(day))}, {read_year(match['date_year'])}"


def _read_time(match: re.Match[str]) -> str:
    minute = match["time_minute"]
    words = [read_integer(match["time_hour"])]
    if minute != "00":
        words += ["oh", read_integer(minute)] if minute[0] == "0" else [read_integer(minute)]
    elif not match["time_half"]:
        words.append("o'clock")
    if match["time_half"]:
        words.append(match["time_half"][0].upper() + ".M.")
    return " ".join(words)


def _read_money(match: re.Match[str]) -> str:
    amount, scale = match["money_amount"].replace(",", ""), match["money_scale"]
    one, many = _CURRENCIES[match["money_sign"]]
    if scale:
        return f"{read_decimal(amount)} {_SCALES.get(scale.lower(), scale)} {many}"
    whole, _, cents = amount.partition(".")
    if len(cents) == 2 and many == "dollars" and cents != "00":
        return f"{read_integer(whole)} {one if whole == '1' else many} and {read_integer(cents)} cents"
    amount = amount.removesuffix(".00")
    return f"{read_decimal(amount)} {one if amount == '1' else many}"


def _read_range(match: re.Match[str]) -> str:
    low, high, unit = match["range_low"], match["range_high"], match["range_unit"]
    suffix = f" {_UNITS[unit][1]}" if unit else ""
    return f"{_read_plain(low)} to {_read_plain(high)}{suffix}"


def _read_measure(match: re.Match[str]) -> str:
    number = match["measure_number"]
    one, many = _UNITS[match["measure_unit"]]
    sign = "minus " if match["measure_sign"] else ""
    return f"{sign}{read_decimal(number)} {one if number == '1' else many}"


def _read_fraction(match: re.Match[str]) -> str:
    upper, lower = match["fraction_upper"], match["fraction_lower"]
    if int(lower) == 2:
        return f"{read_integer(upper)} {'half' if int(upper) == 1 else 'halves'}"
    if int(lower) < 2 or len(lower) > _MAX_DENOMINATOR_DIGITS:
        return f"{read_integer(upper)} over {read_integer(lower)}"
    return f"{read_integer(upper)} {read_ordinal(lower)}{'' if int(upper) == 1 else 's'}"


def _read_code(match: re.Match[str]) -> str:
    """Figures joined by dots or dashes: versions, network addresses, telephone and serial numbers."""
    groups = re.split(r"[-/. ]", match.group())
    joint = " dot " if "." in match.group() else ", "
    return joint.join(read_digits(group) for group in groups)


def _read_number(match: re.Match[str]) -> str:
    return ("minus " if match["number_sign"] else "") + _read_plain(match["number_value"])


def _read_plain(number: str) -> str:
    if "," in number or "." in number:
        return read_decimal(number)
    if len(number) > _MAX_QUANTITY_DIGITS or (number[0] == "0" and len(number) > 1):
        return read_digits(number)
    return read_year(number) if len(number) == 4 and "1100" <= number < "2100" else read_integer(number)


_SCANNER = Scanner(
    [
        Rule(
            "date",
            rf"{_START}(?P<date_year>[12]\d{{3}})(?P<date_mark>[-/.])(?P<date_month>\d{{1,2}})(?P=date_mark)"
            r"(?P<date_day>\d{1,2})(?!\d)",
            _read_date,
        ),
        Rule(
            "time",
            r"(?<![\d.:])(?P<time_hour>[01]?\d|2[0-3]):(?P<time_minute>[0-5]\d)(?![\d:])"
            r"(?:\s?(?P<time_half>[AaPp]\.?[Mm]\b\.?))?",
            _read_time,
        ),
        Rule(
            "code",
            rf"{_START}\+?\d{{1,10}}(?:(?:[-.]\d{{1,10}}){{2,8}}|-\d{{4}})(?!\d)",
            lambda match: f" {_read_code(match)} ",
        ),
        Rule(
            "money",
            rf"(?P<money_sign>[$¥€£])\s?(?P<money_amount>{_NUMBER})"
            r"(?:\s?(?P<money_scale>thousand|million|billion|trillion|bn|[kKmMbB])\b)?",
            _read_money,
        ),
        Rule(
            "range",
            rf"{_START}(?P<range_low>{_NUMBER})\s?[-~—]\s?(?P<range_high>{_NUMBER})"
            rf"(?:\s?(?P<range_unit>{_UNIT_PATTERN})(?![A-Za-z]))?",
            _read_range,
        ),
        Rule(
            "fraction",
            rf"{_START}(?P<fraction_upper>\d{{1,6}})/(?P<fraction_lower>\d{{1,6}})(?![\d/])",
            _read_fraction,
        ),
        Rule("ordinal", rf"{_START}\d{{1,9}}(?:st|nd|rd|th)\b", lambda match: read_ordinal(match.group()[:-2])),
        Rule("decade", rf"{_START}\d{{4}}s\b", lambda match: _plural(read_year(match.group()[:4]))),
        Rule(
            "measure",
            rf"(?P<measure_sign>(?<![\w.)])-)?{_START}(?P<measure_number>{_NUMBER})\s?"
            rf"(?P<measure_unit>{_UNIT_PATTERN})(?![A-Za-z])",
            _read_measure,
        ),
        Rule(
            "number",
            rf"(?P<number_sign>(?<![\w.)])-)?(?P<number_value>{_NUMBER})",
            lambda match: f" {_read_number(match)} ",
        ),
        Rule("digits", r"\d{1,64}", lambda match: f" {read_digits(match.group())} "),
        Rule("symbol", "[" + re.escape("".join(_SYMBOLS)) + "]", lambda match: _SYMBOLS[match.group()]),
    ],
    starts=r"\d+\-" + re.escape("".join(_SYMBOLS)),
)


def _plural(words: str) -> str:
    return f"{words[:-1]}ies" if words.endswith("y") else f"{words}s"
