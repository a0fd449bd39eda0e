"""Mandarin sentences, with or without Latin words in them: every figure and symbol into Han characters."""

import re

from services.speech.text.addresses import AddressWords, read_addresses
from services.speech.text.chinese_numbers import (
    read_counted,
    read_decimal,
    read_digits,
    read_integer,
    read_telephone,
)
from services.speech.text.chinese_units import COUNTED, CURRENCY_CODES, CURRENCY_SIGNS, SCALES, UNITS
from services.speech.text.scanner import Rule, Scanner

_NUMBER = r"(?:\d{1,3}(?:,\d{3}){1,5}(?!\d)|\d{1,16}(?!\d))(?:\.\d{1,12}(?!\d))?"
_START = r"(?<![\d.])"
_SIGN = r"(?<![A-Za-z0-9.)）])[-+±]"
_UNIT = "|".join(map(re.escape, sorted(UNITS, key=len, reverse=True)))
_CODES = "|".join(CURRENCY_CODES)
_SCALE = "|".join(map(re.escape, sorted(SCALES, key=len, reverse=True)))
_SIGN_WORDS = {"-": "负", "+": "正", "±": "正负", "": ""}
_HALVES = {"a": "上午", "p": "下午"}
_SYMBOLS = {
    "&": "和",
    "@": "艾特",
    "+": "加",
    "=": "等于",
    "×": "乘",
    "÷": "除以",
    "±": "正负",
    "%": "百分号",
    "‰": "千分号",
    "°": "度",
    "#": "井号",
    "≈": "约等于",
    "≤": "小于等于",
    "≥": "大于等于",
    "<": "小于",
    ">": "大于",
    "$": "美元",
    "€": "欧元",
    "£": "英镑",
    "¥": "元",
}
_ADDRESS_WORDS = AddressWords(
    {
        ".": "点",
        "/": "斜杠",
        "-": "杠",
        "_": "下划线",
        "@": "艾特",
        "?": "问号",
        "=": "等于",
        "&": "和",
        "#": "井号",
        "+": "加",
        ":": "冒号",
    },
    read_digits,
)
_CODE_LETTERS = "".join(code[0] + code[0].lower() for code in CURRENCY_CODES)
_STARTS = r"\d\s+\-xX*" + re.escape("".join(_SYMBOLS)) + _CODE_LETTERS
_MAX_QUANTITY_DIGITS = 6
_MAX_NAME_DIGITS = 2
_FIRST_CALENDAR_YEAR = 1000


def read_chinese(text: str) -> str:
    """`text` without a single digit: quantities, money, dates, times, ranges, telephone numbers, codes as
    words.
    """
    return _SCANNER.replace(text)


def read_addresses_in_chinese(text: str) -> str:
    return read_addresses(text, _ADDRESS_WORDS)


def _read_telephone(match: re.Match[str]) -> str:
    """Pauses where the writer put them, or after 3 and 7 digits of a mobile number."""
    number = match["telephone_number"]
    groups = re.findall(r"\d{1,16}", number)
    if len(groups) == 1 and len(groups[0]) == len("13800138000"):
        groups = [groups[0][:3], groups[0][3:7], groups[0][7:]]
    prefix = "加八六，" if match["telephone_country"] else ""
    return prefix + "，".join(read_telephone(group) for group in groups)


def _read_date(match: re.Match[str]) -> str:
    month, day = match["date_month"], match["date_day"]
    if not (1 <= int(month) <= 12 and 1 <= int(day) <= 31):
        return _read_code(match)
    end = match["date_end"] or "日"
    return f"{read_digits(match['date_year'])}年{read_integer(month)}月{read_integer(day)}{end}"


def _read_year_month(match: re.Match[str]) -> str:
    return f"{read_digits(match['ym_year'])}年{read_integer(match['ym_month'])}月"


def _read_years(match: re.Match[str]) -> str:
    return f"{read_digits(match['years_first'])}到{read_digits(match['years_last'])}"


def _read_year(match: re.Match[str]) -> str:
    """Calendar years digit by digit; round spans such as 1500年前 and 3000年历史 as quantities."""
    digits = match["year_digits"]
    is_span = bool(match["year_span"]) and digits.endswith("00")
    is_round = digits.endswith("000") and digits != "2000"
    if is_span or is_round or int(digits) < _FIRST_CALENDAR_YEAR:
        return read_integer(digits)
    return read_digits(digits)


def _read_time(match: re.Match[str]) -> str:
    hour, minute, second = match["time_hour"], match["time_minute"], match["time_second"]
    half = _HALVES[match["time_half"].lower()] if match["time_half"] else ""
    is_half_said = match.string[max(0, match.start() - len(half)) : match.start()] == half
    spoken = ("" if is_half_said else half) + f"{read_counted(str(int(hour)))}点"
    if minute != "00" or second:
        spoken += f"{'零' if minute[0] == '0' and minute != '00' else ''}{read_integer(minute)}分"
    return spoken + (f"{read_integer(second)}秒" if second else "")


def _read_ratio(match: re.Match[str]) -> str:
    return f"{read_decimal(match['ratio_left'])}比{read_decimal(match['ratio_right'])}"


def _read_money(match: re.Match[str]) -> str:
    sign, code = match["money_sign"], match["money_code"]
    currency = CURRENCY_SIGNS[sign] if sign else CURRENCY_CODES[code.upper()]
    return _read_amount(match["money_amount"], match["money_scale"]) + currency


def _read_money_after(match: re.Match[str]) -> str:
    amount = _read_amount(match["after_amount"], match["after_scale"])
    return amount + CURRENCY_CODES[match["after_code"].upper()]


def _read_amount(amount: str, scale: str | None) -> str:
    """12.50 as 十二点五: nobody reads the closing zero of a price."""
    amount = amount.rstrip("0").rstrip(".") if "." in amount else amount
    return (read_counted if scale else read_decimal)(amount) + (SCALES[scale] if scale else "")


def _read_range(match: re.Match[str]) -> str:
    low, high, unit = match["range_low"], match["range_high"], match["range_unit"]
    prefix, suffix = UNITS[unit] if unit else ("", "")
    counted = bool(suffix) or match["range_counted"] is not None
    read = read_counted if counted else _read_plain
    return f"{prefix}{read(low)}到{read(high)}{suffix}"


def _read_measure(match: re.Match[str]) -> str:
    prefix, suffix = UNITS[match["measure_unit"]]
    sign = match["measure_sign"] or ""
    is_cold = sign == "-" and suffix.endswith("度")
    number = match["measure_number"]
    spoken = read_counted(number) if suffix and number == "2" else read_decimal(number)
    return ("零下" if is_cold else prefix + _SIGN_WORDS[sign]) + spoken + suffix


def _read_fraction(match: re.Match[str]) -> str:
    upper, lower = read_integer(match["fraction_upper"]), read_integer(match["fraction_lower"])
    return f"{lower}分之{upper}" if lower != "零" else f"{upper}除以零"


def _read_code(match: re.Match[str]) -> str:
    """Figures joined by dots or dashes: versions, network addresses, serial numbers."""
    groups = re.split(r"[-/.年月日号]", match.group())
    joint = "点" if "." in match.group() else "，"
    return joint.join(filter(None, map(read_digits, groups)))


def _read_operator(match: re.Match[str]) -> str:
    return {"+": "加", "-": "减", "=": "等于", "÷": "除以"}.get(match.group().strip(), "乘")


def _read_name(match: re.Match[str]) -> str:
    """Figures glued to Latin letters: 5G, MP3, iPhone15 as quantities, A380, 1080p one by one."""
    digits = match.group()
    spoken = read_integer(digits) if len(digits) <= _MAX_NAME_DIGITS else read_digits(digits)
    return read_digits(digits) if digits.startswith("0") else spoken


def _read_counted_number(match: re.Match[str]) -> str:
    return _SIGN_WORDS[match["counted_sign"] or ""] + read_counted(match["counted_value"])


def _read_number(match: re.Match[str]) -> str:
    return _SIGN_WORDS[match["number_sign"] or ""] + _read_plain(match["number_value"])


def _read_plain(number: str) -> str:
    if "," in number or "." in number:
        return read_decimal(number)
    is_code = len(number) > _MAX_QUANTITY_DIGITS or (number[0] == "0" and len(number) > 1)
    return read_digits(number) if is_code else read_integer(number)


_CALENDAR_RULES = [
    Rule(
        "date",
        rf"{_START}(?P<date_year>[12]\d{{3}})[-/.年]\s?(?P<date_month>\d{{1,2}})[-/.月]\s?(?P<date_day>\d{{1,2}})"
        r"(?!\d)(?P<date_end>[日号])?",
        _read_date,
    ),
    Rule(
        "ym",
        rf"{_START}(?P<ym_year>(?:19|20)\d\d)[-/](?P<ym_month>0?[1-9]|1[0-2])(?![\d./-])",
        _read_year_month,
    ),
    Rule(
        "years",
        rf"{_START}(?P<years_first>[12]\d{{3}})年?\s?[-~～—至到]\s?(?P<years_last>[12]\d{{3}})(?=年)",
        _read_years,
    ),
    Rule(
        "year",
        rf"{_START}(?P<year_digits>\d{{4}})(?=年(?P<year_span>以?前|以?后|历史|以?来|间|内|的?时间)?)",
        _read_year,
    ),
    Rule("generation", rf"{_START}\d0(?=后)", lambda match: read_digits(match.group())),
    Rule(
        "time",
        r"(?<![\d.:])(?P<time_hour>[01]?\d|2[0-4])[:：](?P<time_minute>[0-5]\d)"
        r"(?:[:：](?P<time_second>[0-5]\d))?(?![\d:])(?:\s?(?P<time_half>[AaPp])\.?[Mm](?![A-Za-z])\.?)?",
        _read_time,
    ),
]
_CODE_RULES = [
    Rule(
        "telephone",
        r"(?<![\d.])(?P<telephone_country>\+86[- ]?)?(?P<telephone_number>"
        r"1[3-9]\d(?:\d{8}|[- ]\d{4}[- ]\d{4})|0\d{2,3}[- ]?\d{7,8}|[48]00[- ]?\d{3}[- ]?\d{4}"
        r"|(?<=拨打)\d{3,6}|(?<=热线)\d{3,6}|(?<=电话)\d{3,6})(?![\d个次])",
        _read_telephone,
    ),
    Rule("code", rf"{_START}\d{{1,10}}(?:\.\d{{1,10}}){{2,8}}(?![\d])", _read_code),
    Rule("serial", rf"{_START}\d{{1,10}}(?:-\d{{1,10}}){{2,8}}(?!\d)", _read_code),
]
_QUANTITY_RULES = [
    Rule(
        "money",
        rf"(?:(?P<money_sign>[$¥€£])|(?<![A-Za-z])(?P<money_code>(?i:{_CODES})))\s?(?P<money_amount>{_NUMBER})"
        rf"(?:\s?(?P<money_scale>{_SCALE}))?(?:元|美元|欧元|英镑)?",
        _read_money,
    ),
    Rule(
        "after",
        rf"{_START}(?P<after_amount>{_NUMBER})\s?(?P<after_scale>{_SCALE})?\s?(?P<after_code>(?i:{_CODES}))(?![A-Za-z])",
        _read_money_after,
    ),
    Rule(
        "range",
        rf"{_START}(?P<range_low>{_NUMBER})%?\s?[-~～—–至到]\s?(?P<range_high>{_NUMBER})"
        rf"(?:\s?(?P<range_unit>{_UNIT})(?![A-Za-z])|(?P<range_counted>(?=[{COUNTED}])))?",
        _read_range,
    ),
    Rule(
        "fraction",
        rf"{_START}(?P<fraction_upper>\d{{1,6}})/(?P<fraction_lower>\d{{1,6}})(?![\d/])",
        _read_fraction,
    ),
    Rule(
        "measure",
        rf"(?P<measure_sign>{_SIGN})?{_START}(?<![A-Za-z])(?P<measure_number>{_NUMBER})\s?(?P<measure_unit>{_UNIT})(?![A-Za-z])",
        _read_measure,
    ),
    Rule(
        "ratio",
        rf"{_START}(?P<ratio_left>\d{{1,9}}(?:\.\d{{1,6}})?)\s?[:：]\s?(?P<ratio_right>\d{{1,9}}(?:\.\d{{1,6}})?)(?![\d:：])",
        _read_ratio,
    ),
    Rule(
        "counted",
        rf"(?P<counted_sign>{_SIGN})?(?<![\d.第A-Za-z])(?P<counted_value>{_NUMBER})(?=\s?[{COUNTED}])",
        _read_counted_number,
    ),
]
_SCANNER = Scanner(
    [
        *_CALENDAR_RULES,
        *_CODE_RULES,
        *_QUANTITY_RULES,
        Rule("operator", r"(?<=\d)\s?[-+=×÷xX*]\s?(?=\d)", _read_operator),
        Rule(
            "name", r"(?<=[A-Za-z])(?<!\d[xX])\d{1,16}(?![\d.,])|(?<![\d.])\d{1,16}(?=[A-Za-z])(?![xX]\d)", _read_name
        ),
        Rule("number", rf"(?P<number_sign>{_SIGN})?(?P<number_value>{_NUMBER})", _read_number),
        Rule("digits", r"\d{1,64}", lambda match: read_digits(match.group())),
        Rule("symbol", "[" + re.escape("".join(_SYMBOLS)) + "]", lambda match: _SYMBOLS[match.group()]),
    ],
    starts=_STARTS,
)
