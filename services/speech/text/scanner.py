"""One pass over a text with many readings: at each position the first pattern that matches replaces what it
matched.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Rule:
    """`pattern` may hold groups named `<name>_…`; `read` turns a match into words.

    Every quantifier in `pattern` must be bounded, so that the whole scan stays linear in the text.
    """

    name: str
    pattern: str
    read: Callable[[re.Match[str]], str]


class Scanner:
    """Rules tried in order of their rank. A replacement is never scanned again.

    starts: the inside of a character class that holds every character a match can begin with; all others are
    passed over at once, which is most of a text.
    """

    def __init__(self, rules: Sequence[Rule], *, starts: str) -> None:
        self._readers = {rule.name: rule.read for rule in rules}
        alternatives = "|".join(f"(?P<{rule.name}>{rule.pattern})" for rule in rules)
        self._pattern = re.compile(rf"(?=[{starts}])(?:{alternatives})")

    def replace(self, text: str) -> str:
        return self._pattern.sub(self._read, text)

    def _read(self, match: re.Match[str]) -> str:
        # The enclosing group of a rule closes last, so `lastgroup` names the rule even if it has inner
        # groups.
        return self._readers[str(match.lastgroup)](match)
