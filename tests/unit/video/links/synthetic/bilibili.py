"""Synthetic: Bilibili."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from services.video.domain.links import LinkAuthor, LinkedMedia, Outcome
from tests.unit.video.links.synthetic.case import HARMLESS, HOSTILE, Case, Reply

LINK = "https://www.bilibili.com/video/BV1xx411c7mD/?spm_id_from=333"
SECOND = "https://m.bilibili.com/video/av170001?p=2&t=1"
VIEW = "https://api.bilibili.com/x/web-interface/view?"
PLAY = "https://api.bilibili.com/x/player/playurl?"


def view(title: str = "标题") -> Reply:
    data: dict[str, Any] = {
        "bvid": "BV1xx411c7mD",
        "title": title,
        "pic": "http://i0.example/c.jpg",
        "cid": 11,
        "owner": {"mid": 42, "name": "作者", "face": "https://i0.example/f.jpg"},
        "pages": [{"cid": 11, "page": 1, "part": "上"}, {"cid": 22, "page": 2, "part": "下"}],
    }
    return Reply({"code": 0, "message": "0", "data": data})


def play(name: str) -> Reply:
    return Reply({"code": 0, "data": {"durl": [{"order": 1, "url": f"https://upos.example/{name}.mp4?e=1"}]}})


AUTHOR = LinkAuthor("42", "作者", "https://i0.example/f.jpg")
FOUND = LinkedMedia("https://upos.example/1.mp4?e=1", "https://i0.example/c.jpg", "标题", "", (), AUTHOR)
FIRST_PLAY = f"{PLAY}bvid=BV1xx411c7mD&cid=11&platform=html5"
CASES = (
    Case("video", LINK, {f"{VIEW}bvid=BV1xx411c7mD": view(), FIRST_PLAY: play("1")}, FOUND),
    Case(
        "second part by number",
        SECOND,
        {f"{VIEW}aid=170001": view(), f"{PLAY}aid=170001&cid=22&": play("2")},
        replace(FOUND, video_url="https://upos.example/2.mp4?e=1"),
    ),
    Case("gone", LINK, {VIEW: Reply({"code": -404, "message": "啥都木有"})}, Outcome.GONE),
    Case("hidden", LINK, {VIEW: Reply({"code": 62002})}, Outcome.GONE),
    Case("too often", LINK, {VIEW: Reply({"code": -412})}, Outcome.LIMITED),
    Case("too often by status", LINK, {VIEW: Reply(status=412)}, Outcome.LIMITED),
    Case("login", LINK, {VIEW: view(), PLAY: Reply({"code": -403})}, Outcome.GATED),
    Case("no file", LINK, {VIEW: view(), PLAY: Reply({"code": 0, "data": {"dash": {}}})}, Outcome.CHANGED),
    Case("changed", LINK, {VIEW: Reply({"ok": True})}, Outcome.CHANGED),
    Case("hostile", LINK, {VIEW: view(HOSTILE), PLAY: play("1")}, replace(FOUND, title=HARMLESS)),
)
