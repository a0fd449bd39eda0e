"""Pages and JSON of strangers: read without trust, and in a time that grows with their length only."""

from __future__ import annotations

import time

import pytest

from kit.net.messages import HttpRequest, HttpResponse
from kit.net.urls import read_url
from services.video.links.node import Node, read_json
from services.video.links.platform import Strategy
from services.video.links.results import absolute, plain
from services.video.links.router import PLATFORMS
from services.video.links.scripts import assigned, assigned_literal, page_title
from tests.unit.video.links.synthetic.all import CASES

LARGE = 4 * 1024 * 1024


def test_missing_and_odd_values_are_empty() -> None:
    node = Node({"a": [1, "x", True, None, 10**30, float("nan")], "b": {"c": ""}})
    assert [each.ident for each in node["a"].items] == ["1", "x", "", "", "", ""]
    assert [each.number for each in node["a"].items] == [1, None, None, None, None, None]
    assert node["a"][9].text == node["b"]["c"]["d"][0].text == node[0].text == node["a"]["x"].text == ""
    assert not node["b"]["c"] and node["b"] and node["a"][-1] and not node["a"][-9]
    assert node["b"].members[0][0] == "c" and node["a"].members == ()


@pytest.mark.parametrize("text", [b"", b"{", b"\xff\xfe", b"[" * 200_000, b"1" * 5000, b"nul"])
def test_what_is_no_json_is_nothing(text: bytes) -> None:
    assert not read_json(text)


def test_assignments() -> None:
    assert assigned('a.x; window.X = {"t": "a;</b"};more', "window.X")["t"].text == "a;</b"
    assert assigned('"window.X is"; window.X=[{"t": 1}][0]', "window.X")[0]["t"].number == 1
    assert not assigned("window.X = undefined;", "window.X")
    assert not assigned("window.X", "window.X")


def test_literals_keep_their_strings() -> None:
    page = 'window.S={"a":undefined,"b":"undefined \\"void 0\\"","c":[NaN,void 0],"undefined":1}</script>"undefined'
    node = assigned_literal(page, "window.S")
    assert node["b"].text == 'undefined "void 0"'
    assert not node["a"] and len(node["c"].items) == 2
    assert node["undefined"].number == 1


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("<b>粗</b>&amp;&lt;体&gt;", "粗&<体>"),
        ("a\u2028b\x00c\n d\ud800", "a b c d"),
        ("😀 <3 1<2", "😀 <3 1<2"),
        ("<" * 50, "<" * 50),
    ],
)
def test_plain_texts(text: str, shown: str) -> None:
    assert plain(text) == shown


@pytest.mark.parametrize(
    ("url", "kept"),
    [
        ("//h.example/a", "https://h.example/a"),
        (" https://h.example/a?b=%20 ", "https://h.example/a?b=%20"),
        ("HTTP://h.example/", "HTTP://h.example/"),
        ("/a", ""),
        ("javascript:alert(1)", ""),
        ("data:text/html,x", ""),
        ("https:///a", ""),
        ("https://h.example\\@x/", ""),
        ("https://h.example/a b", ""),
        ("https://h.example/\ud800", ""),
        ("http://[::1", ""),
        ("https://h.example/" + "a" * 5000, ""),
    ],
)
def test_urls_that_are_given_out(url: str, kept: str) -> None:
    assert absolute(url) == kept


def test_titles_of_pages() -> None:
    assert page_title("<head><TITLE a=b> 标题 </title>") == "标题"
    assert page_title("<title>" + "x" * 2000) == ""


@pytest.mark.parametrize(
    "page",
    [
        b'window.__INITIAL_STATE__="' + b'\\"' * (LARGE // 2),
        b"window.__INITIAL_STATE__={" + b"undefined," * (LARGE // 10),
        b"window._ROUTER_DATA =" * (LARGE // 21),
        b"window.INIT_STATE" + b" " * LARGE,
        b"<title" * (LARGE // 6),
        b"[" * LARGE,
        b'{"a":' * (LARGE // 5),
        b"<" * LARGE,
    ],
    ids=lambda page: page[:24].decode(),
)
def test_hostile_pages_are_refused_in_time(page: bytes) -> None:
    longest_s = 0.0
    for key in ("douyin", "kuaishou", "xiaohongshu", "pear", "weibo"):
        item = PLATFORMS[key].find(read_url(CASES[key][0].link))
        assert item is not None
        for way in PLATFORMS[key].ways(item):
            started = time.process_time()
            _drive(way.strategy, page)
            longest_s = max(longest_s, time.process_time() - started)
    # A tenth of it on an idle machine; a search that goes back would take minutes.
    assert longest_s < 10.0


def _drive(strategy: Strategy, page: bytes) -> None:
    try:
        request: HttpRequest = next(strategy)
        while True:
            request = strategy.send(HttpResponse(request.url, 200, "text/html", "", page))
    except StopIteration:
        return
