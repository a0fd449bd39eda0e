"""Synthetic: Quanmin K-ge."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from services.video.domain.links import LinkAuthor, LinkedMedia, Outcome
from tests.unit.video.links.synthetic.case import GONE_REPLY, HARMLESS, HOSTILE, Case, Reply, script

LINK = "https://node.kg.qq.com/play?s=AbCdEf-GhIj_&g_f=personal"
PAGE = "https://kg.qq.com/node/play?s=AbCdEf-GhIj_"
DATA = script("window.__DATA__", after="; ")


def song(title: str = "标题", **more: Any) -> Reply:
    shown = {
        "content": title,
        "playurl": "http://tx.example/song.m4a",
        "playurl_video": "http://tx.example/song.mp4",
        "cover": "http://shp.example/c.jpg",
        "uid": "639a",
        "nick": "作者",
        "avatar": "http://shp.example/a.jpg",
        **more,
    }
    return Reply({"shareid": "x", "detail": shown}, DATA)


AUTHOR = LinkAuthor("639a", "作者", "http://shp.example/a.jpg")
SONG = "http://tx.example/song.m4a"
FOUND = LinkedMedia("http://tx.example/song.mp4", "http://shp.example/c.jpg", "标题", SONG, (), AUTHOR)
CASES = (
    Case("video", LINK, {PAGE: song()}, FOUND),
    Case("only sound", LINK, {PAGE: song(playurl_video="")}, replace(FOUND, video_url=SONG)),
    Case("gone", LINK, {PAGE: Reply({"shareid": "x", "detail": {}}, DATA)}, Outcome.GONE),
    Case("missing", LINK, {PAGE: GONE_REPLY}, Outcome.GONE),
    Case("gate", LINK, {PAGE: Reply(status=403)}, Outcome.GATED),
    Case("changed", LINK, {PAGE: Reply({}, script("window.other"))}, Outcome.CHANGED),
    Case("hostile", LINK, {PAGE: song(HOSTILE)}, replace(FOUND, title=HARMLESS)),
)
