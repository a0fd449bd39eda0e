"""How Mandarin reads figures. All functions take ASCII digits."""

_DIGITS = "零一二三四五六七八九"
_PLACES = ("千", "百", "十", "")
_GROUPS = ("", "万", "亿", "万亿")
_MAX_INTEGER_DIGITS = 4 * len(_GROUPS)
_TELEPHONE = str.maketrans({"一": "幺"})


def read_digits(digits: str) -> str:
    """One by one: 2024 is 二零二四. Other characters are left out."""
    return "".join(_DIGITS[int(digit)] for digit in digits if digit.isdecimal())


def read_telephone(digits: str) -> str:
    """One by one, with 幺 for 1, as numbers are read out over the telephone."""
    return read_digits(digits).translate(_TELEPHONE)


def read_integer(digits: str) -> str:
    """As a quantity: 10 is 十, 2005 两千零五, 20000 两万. Beyond 16 digits it falls back to single digits."""
    significant = digits.lstrip("0")
    if not significant:
        return "零"
    if len(significant) > _MAX_INTEGER_DIGITS:
        return read_digits(digits)
    padded = significant.zfill(-(-len(significant) // 4) * 4)
    groups = [padded[start : start + 4] for start in range(0, len(padded), 4)]
    spoken = ""
    is_gap_open = False
    for group, name in zip(groups, reversed(_GROUPS[: len(groups)]), strict=True):
        if group == "0000":
            is_gap_open = bool(spoken)
            continue
        if spoken and (is_gap_open or group[0] == "0"):
            spoken += "零"
        spoken += _read_group(group, is_leading=not spoken) + name
        is_gap_open = False
    return _close_hundred_millions(spoken)


def read_decimal(number: str) -> str:
    """`12.30` as 十二点三零; thousands separators are ignored."""
    whole, _, fraction = number.replace(",", "").partition(".")
    return read_integer(whole) + (f"点{read_digits(fraction)}" if fraction else "")


def read_counted(number: str) -> str:
    """As `read_decimal`, but a bare 2 is 两, as before a measure word."""
    return "两" if number == "2" else read_decimal(number)


def _read_group(group: str, *, is_leading: bool) -> str:
    """Four digits, not all zero. Only the first group of a number says 十 without 一."""
    if group == "0002" and is_leading:
        return "二"
    spoken = ""
    is_gap_open = False
    for digit, place in zip(group, _PLACES, strict=True):
        if digit == "0":
            is_gap_open = bool(spoken)
            continue
        if is_gap_open:
            spoken += "零"
            is_gap_open = False
        spoken += ("两" if digit == "2" and place == "千" else _DIGITS[int(digit)]) + place
    return spoken[1:] if is_leading and spoken.startswith("一十") else spoken


def _close_hundred_millions(spoken: str) -> str:
    """二万 and 二亿 are said 两万 and 两亿; 一万亿三千亿 says 亿 once for both groups."""
    head, separator, tail = spoken.partition("万亿")
    if separator and "亿" in tail:
        spoken = f"{head}万{tail}"
    return "两" + spoken[1:] if spoken[:2] in ("二万", "二亿") else spoken
