"""Data that a page carries in its scripts."""

from __future__ import annotations

import re

from services.video.links.node import NOTHING, Node, read_json_at

_SPACE = re.compile(r"\s*")
_TITLE = re.compile(r"<title[^<>]{0,200}>([^<]{0,1000})</title>", re.IGNORECASE)
# A string, which is kept, or a word that JSON does not know. A string without an end matches too: looking for its end
# from every quotation mark in it would take a time that grows with the square of the page.
_TOKENS = re.compile(r'"[^"\\]*+(?:\\.[^"\\]*+)*+(?:"|\\?\Z)|\b(?:undefined|NaN|Infinity|void 0)\b', re.DOTALL)


def decoded(body: bytes) -> str:
    """The text of a page; what is not UTF-8 is replaced."""
    return body.decode("utf-8", errors="replace")


def assigned(page: str, name: str) -> Node:
    """The JSON that a script assigns: `name = {…}`. Nothing when it is not there or not JSON."""
    start = _value_start(page, name)
    return NOTHING if start < 0 else read_json_at(page, start)


def assigned_literal(page: str, name: str) -> Node:
    """As `assigned`, for a JavaScript literal whose values may be `undefined` and the like."""
    start = _value_start(page, name)
    if start < 0:
        return NOTHING
    end = page.find("</script", start)
    return read_json_at(_TOKENS.sub(_as_json, page[start : end if end >= 0 else len(page)]), 0)


def page_title(page: str) -> str:
    """What stands in `<title>`, not decoded; empty without one."""
    found = _TITLE.search(page)
    return found.group(1).strip() if found else ""


def _value_start(page: str, name: str) -> int:
    at = page.find(name)
    while at >= 0:
        after = _skip_space(page, at + len(name))
        if page[after : after + 1] == "=":
            return _skip_space(page, after + 1)
        at = page.find(name, at + len(name))
    return -1


def _skip_space(page: str, at: int) -> int:
    found = _SPACE.match(page, at)
    return found.end() if found else at


def _as_json(token: re.Match[str]) -> str:
    found = token.group()
    return found if found.startswith('"') else "null"
