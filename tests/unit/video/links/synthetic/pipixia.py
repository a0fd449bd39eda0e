"""Synthetic: Pipixia."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from services.video.domain.links import LinkAuthor, LinkedImage, LinkedMedia, Outcome
from tests.unit.video.links.synthetic.case import HARMLESS, HOSTILE, Case, Reply

LINK = "https://h5.pipix.com/item/7200000000000000001?app_id=1319"
SHORT = "https://h5.pipix.com/s/AbCd123/"
COMMENTS = "https://api.pipix.com/bds/cell/cell_comment/?"
AUTHOR = LinkAuthor("900", "作者", "https://p3.example/a.jpg")


def shown(url: str) -> dict[str, Any]:
    return {"video_high": {"url_list": [{"url": url}]}}


def item(title: str = "标题", **more: Any) -> dict[str, Any]:
    return {
        "content": title,
        "author": {"id": 900, "name": "作者", "avatar": {"download_list": [{"url": "https://p3.example/a.jpg"}]}},
        "cover": {"url_list": [{"url": "https://p3.example/c.jpg"}]},
        "video": shown("https://v3.example/marked.mp4"),
        **more,
    }


def reply(post: Any) -> Reply:
    return Reply({"status_code": 0, "data": {"cell_comments": [{"comment_info": {"item": post}}]}})


def answered() -> dict[str, Any]:
    others = {"item": {"author": {"id": 1}, "video": shown("https://v3.example/other.mp4")}}
    without = {"item": {"author": {"id": 900}}}
    own = {"item": {"author": {"id": 900}, "video": shown("https://v3.example/clean.mp4")}}
    return item(comments=[others, without, own])


def pictures() -> dict[str, Any]:
    images = [{"url_list": [{"url": f"https://p3.example/{number}.jpg"}]} for number in (1, 2)]
    return item(video=None, note={"multi_image": images})


FOUND = LinkedMedia("https://v3.example/marked.mp4", "https://p3.example/c.jpg", "标题", "", (), AUTHOR)
IMAGES = (LinkedImage("https://p3.example/1.jpg"), LinkedImage("https://p3.example/2.jpg"))
REDIRECT = Reply(status=302, location="https://h5.pipix.com/item/7200000000000000001?x=1")
CASES = (
    Case("video", LINK, {COMMENTS: reply(item())}, FOUND),
    Case("short link", SHORT, {SHORT: REDIRECT, COMMENTS: reply(item())}, FOUND),
    Case(
        "without the mark",
        LINK,
        {COMMENTS: reply(answered())},
        replace(FOUND, video_url="https://v3.example/clean.mp4"),
    ),
    Case("images", LINK, {COMMENTS: reply(pictures())}, replace(FOUND, video_url="", images=IMAGES)),
    Case("gone", LINK, {COMMENTS: Reply({"status_code": 2, "prompt": "内容已删除"})}, Outcome.GONE),
    Case("too often", LINK, {COMMENTS: Reply(status=429)}, Outcome.LIMITED),
    Case("changed", LINK, {COMMENTS: Reply({"status_code": 0, "data": {}})}, Outcome.CHANGED),
    Case("hostile", LINK, {COMMENTS: reply(item(HOSTILE))}, replace(FOUND, title=HARMLESS)),
)
