"""Web and mail addresses: where they stand, and how they are read aloud."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

_TOP_LEVEL_DOMAINS = "com|cn|net|org|io|ai|app|dev|edu|gov|info|me|tv|cc|top|xyz|co|uk|jp|de|us|hk|tw"
_ADDRESS = re.compile(
    r"(?<![A-Za-z0-9._%+@-])(?:"
    r"(?:https?|ftp)://[A-Za-z0-9\-._~:/?#\[\]@!$&'()*+,;=%]{1,2000}"
    r"|[A-Za-z0-9._%+-]{1,64}@[A-Za-z0-9-]{1,63}(?:\.[A-Za-z0-9-]{1,63}){1,4}"
    r"|www\.[A-Za-z0-9\-._~:/?#@&=%+]{1,2000}"
    rf"|(?:[A-Za-z0-9-]{{1,63}}\.){{1,4}}(?:{_TOP_LEVEL_DOMAINS})(?![A-Za-z0-9.@-])(?:/[A-Za-z0-9\-._~/?#&=%+]{{0,2000}})?"
    r")"
)
_SCHEME = re.compile(r"\A(?:https?|ftp)://")
_PARTS = re.compile(r"[A-Za-z]+|\d+|.")
_TRAILING_MARKS = ".,;:!?'"
_MAX_SPELT_LETTERS = 2


@dataclass(frozen=True, slots=True)
class AddressWords:
    """The words of one language: `symbols` for punctuation (others are silent), `read_digits` for figures."""

    symbols: dict[str, str]
    read_digits: Callable[[str], str]


def address_spans(text: str) -> Iterator[tuple[int, int]]:
    """Where addresses stand, without the sentence marks that follow them."""
    for match in _ADDRESS.finditer(text):
        yield match.start(), match.start() + len(match.group().rstrip(_TRAILING_MARKS))


def read_addresses(text: str, words: AddressWords) -> str:
    """`text` with every address spelt out; a sentence mark that follows an address stays one."""

    def read(match: re.Match[str]) -> str:
        address = match.group().rstrip(_TRAILING_MARKS)
        trailing = match.group()[len(address) :]
        return f" {_read_address(address, words)} {trailing}"

    return _ADDRESS.sub(read, text)


def _read_address(address: str, words: AddressWords) -> str:
    spoken = (_read_part(part, words) for part in _PARTS.findall(_SCHEME.sub("", address).rstrip("/")))
    return " ".join(filter(None, spoken))


def _read_part(part: str, words: AddressWords) -> str:
    if part.isdecimal():
        return words.read_digits(part)
    if part.isalpha():
        return part.upper() if len(part) <= _MAX_SPELT_LETTERS or part.lower() == "www" else part
    return words.symbols.get(part, "")
