"""Reads what a PromQL expression asks for: names of metrics, matchers and grouping labels. Not a parser of the whole
language, but strict: what it does not understand is an error."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

_TOKEN = re.compile(
    r"""\s*(?:
      (?P<text>"(?:[^"\\]|\\.)*")
    | (?P<range>\[(?:\d+[smhdw]|\$__rate_interval)\])
    | (?P<number>\d+(?:\.\d+)?(?:e-?\d+)?)
    | (?P<name>[a-zA-Z_:][\w:]*)
    | (?P<mark>=~|!~|!=|==|>=|<=|[{}(),=<>+\-*/%])
    )""",
    re.VERBOSE,
)
_GROUPING = frozenset({"by"})
_OPERATORS = frozenset({"and", "or", "unless"})
_FUNCTIONS = frozenset(
    {"sum", "max", "min", "count", "topk", "rate", "increase", "changes", "absent", "histogram_quantile"}
)
_MATCHES = frozenset({"=", "!=", "=~", "!~"})


class NotUnderstood(Exception):
    """The expression is not PromQL, or more of it than is known here."""


@dataclass(frozen=True)
class Selector:
    """A metric as it is asked for. `matchers` are label, operator and value; `has_range` tells a range vector;
    `grouping` are the labels by which aggregations around it put it together."""

    metric: str
    matchers: Sequence[tuple[str, str, str]]
    has_range: bool
    grouping: frozenset[str] = frozenset()


def read(expression: str) -> list[Selector]:
    """Every metric that an expression asks for. Raises NotUnderstood."""
    tokens = list(_tokens(expression))
    found: list[Selector] = []
    # Labels of each parenthesis that is open.
    around: list[frozenset[str]] = []
    place, grouping = 0, frozenset[str]()
    while place < len(tokens):
        kind, text = tokens[place]
        following = tokens[place + 1][1] if place + 1 < len(tokens) else ""
        if kind == "name" and text in _GROUPING:
            place, grouping = _read_grouping(tokens, place + 1)
            continue
        if kind == "name" and (text in _FUNCTIONS or following == "("):
            if text not in _FUNCTIONS or (following != "(" and following not in _GROUPING):
                raise NotUnderstood(text)
        elif kind == "name" and text not in _OPERATORS:
            place, selector = _read_selector(tokens, place, frozenset().union(*around))
            found.append(selector)
            continue
        elif kind in ("text", "range") or text in ("{", "}"):
            raise NotUnderstood(f"{text} stands alone")
        if text == "(":
            around.append(grouping)
            grouping = frozenset()
        elif text == ")":
            if not around:
                raise NotUnderstood("more is closed than was opened")
            around.pop()
        place += 1
    if around or grouping:
        raise NotUnderstood("something is left open")
    return found


def _tokens(expression: str) -> list[tuple[str, str]]:
    found, place, text = [], 0, expression.strip()
    while place < len(text):
        match = _TOKEN.match(text, place)
        if match is None:
            raise NotUnderstood(text[place:])
        found.append((str(match.lastgroup), match[match.lastgroup or 0]))
        place = match.end()
    return found


def _read_grouping(tokens: Sequence[tuple[str, str]], place: int) -> tuple[int, frozenset[str]]:
    labels = set()
    if tokens[place][1] != "(":
        raise NotUnderstood("labels stand in parentheses")
    place += 1
    while tokens[place][1] != ")":
        kind, text = tokens[place]
        if kind == "name":
            labels.add(text)
        elif text != ",":
            raise NotUnderstood(text)
        place += 1
    return place + 1, frozenset(labels)


def _read_selector(tokens: Sequence[tuple[str, str]], place: int, grouping: frozenset[str]) -> tuple[int, Selector]:
    metric, matchers = tokens[place][1], []
    place += 1
    if place < len(tokens) and tokens[place][1] == "{":
        place += 1
        while tokens[place][1] != "}":
            (label_kind, label), (_, operator), (value_kind, value) = tokens[place : place + 3]
            if label_kind != "name" or operator not in _MATCHES or value_kind != "text":
                raise NotUnderstood(f"{label}{operator}{value}")
            matchers.append((label, operator, value[1:-1]))
            place += 3
            if tokens[place][1] == ",":
                place += 1
        place += 1
    has_range = place < len(tokens) and tokens[place][0] == "range"
    return place + has_range, Selector(metric, matchers, has_range, grouping)
