"""How English reads figures. All functions take ASCII digits."""

_SMALL = (
    "zero",
    "one",
    "two",
    "three",
    "four",
    "five",
    "six",
    "seven",
    "eight",
    "nine",
    "ten",
    "eleven",
    "twelve",
    "thirteen",
    "fourteen",
    "fifteen",
    "sixteen",
    "seventeen",
    "eighteen",
    "nineteen",
)
_TENS = ("", "", "twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety")
_GROUPS = ("", "thousand", "million", "billion", "trillion", "quadrillion")
_MAX_INTEGER_DIGITS = 3 * len(_GROUPS)
_IRREGULAR_ORDINALS = {
    "one": "first",
    "two": "second",
    "three": "third",
    "five": "fifth",
    "eight": "eighth",
    "nine": "ninth",
    "twelve": "twelfth",
}


def read_digits(digits: str) -> str:
    """One by one: 205 is "two zero five". Other characters are left out."""
    return " ".join(_SMALL[int(digit)] for digit in digits if digit.isdecimal())


def read_integer(digits: str) -> str:
    """As a quantity, without "and". Beyond 18 digits it falls back to single digits."""
    significant = digits.lstrip("0")
    if not significant:
        return "zero"
    if len(significant) > _MAX_INTEGER_DIGITS:
        return read_digits(digits)
    padded = significant.zfill(-(-len(significant) // 3) * 3)
    groups = [padded[start : start + 3] for start in range(0, len(padded), 3)]
    names = reversed(_GROUPS[: len(groups)])
    words = [f"{_read_group(int(group))} {name}" for group, name in zip(groups, names, strict=True) if int(group)]
    return " ".join(words).strip()


def read_decimal(number: str) -> str:
    """`12.30` as "twelve point three zero"; thousands separators are ignored."""
    whole, _, fraction = number.replace(",", "").partition(".")
    return read_integer(whole) + (f" point {read_digits(fraction)}" if fraction else "")


def read_ordinal(digits: str) -> str:
    """21 as "twenty first"."""
    *head, last = read_integer(digits).split(" ")
    if last in _IRREGULAR_ORDINALS:
        ordinal = _IRREGULAR_ORDINALS[last]
    else:
        ordinal = f"{last[:-1]}ieth" if last.endswith("y") else f"{last}th"
    return " ".join([*head, ordinal])


def read_year(digits: str) -> str:
    """Four digits in pairs: 1999 "nineteen ninety nine", 2005 "two thousand five", 1900 "nineteen hundred"."""
    century, rest = digits[:2], digits[2:]
    if century.endswith("0") and rest.startswith("0"):
        return read_integer(digits)
    if rest == "00":
        return f"{read_integer(century)} hundred"
    return f"{read_integer(century)} {'oh ' if rest[0] == '0' else ''}{read_integer(rest)}"


def _read_group(value: int) -> str:
    hundreds, rest = divmod(value, 100)
    words = [_SMALL[hundreds], "hundred"] if hundreds else []
    if rest >= len(_SMALL):
        tens, ones = divmod(rest, 10)
        words += [_TENS[tens], *([_SMALL[ones]] if ones else [])]
    elif rest:
        words.append(_SMALL[rest])
    return " ".join(words)
