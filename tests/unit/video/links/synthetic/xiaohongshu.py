"""Synthetic: Xiaohongshu."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from services.video.domain.links import LinkAuthor, LinkedImage, LinkedMedia, Outcome
from tests.unit.video.links.synthetic.case import HARMLESS, HOSTILE, Case, Reply, script

ID = "64a1b2c3d4e5f60718293a4b"
LINK = f"https://www.xiaohongshu.com/explore/{ID}?app_platform=ios&xsec_token=ABx_y-z12345%3D&xsec_source=app_share"
EXPLORE = f"https://www.xiaohongshu.com/explore/{ID}?xsec_token=ABx_y-z12345%3D&xsec_source=app_share"
DISCOVERY = f"https://www.xiaohongshu.com/discovery/item/{ID}"
# Marks where the page has a word that JSON does not know.
UNDEFINED = "@undefined@"


def _literal() -> Callable[[str], str]:
    wrap = script("window.__INITIAL_STATE__")
    return lambda text: wrap(text.replace(f'"{UNDEFINED}"', "undefined"))


STATE = _literal()


def note(title: str = "undefined 的标题") -> dict[str, Any]:
    return {
        "noteId": ID,
        "type": "video",
        "title": title,
        "desc": "正文",
        "user": {"userId": "5f00", "nickname": "作者", "avatar": "https://sns-avatar.example/a.jpg"},
        "imageList": [{"urlDefault": "http://sns-webpic.example/2024/abc/cover!nd_dft", "livePhoto": False}],
        "video": {
            "consumer": {"originVideoKey": "pre_post/key"},
            "media": {
                "stream": {
                    "h264": [{"masterUrl": "http://sns-video.example/v264.mp4", "backupUrls": []}],
                    "h265": [{"masterUrl": "http://sns-video.example/v265.mp4"}],
                }
            },
        },
        "tagList": UNDEFINED,
    }


def pictures() -> dict[str, Any]:
    marked = "http://sns-webpic.example/202401/0f/notes_pre_post/1040g3k031abcdef!nd_dft_wlteh_webp_3"
    spectrum = "http://sns-webpic.example/202401/0f/notes_pre_post/spectrum/1040g3k031abcdef!nd"
    live = {"h264": [{"masterUrl": "http://sns-video.example/live.mp4"}]}
    images = [
        {"urlDefault": marked, "livePhoto": True, "stream": live},
        {"urlDefault": spectrum, "livePhoto": False, "stream": {}},
        {"urlDefault": "http://sns-webpic.example/plain!x"},
    ]
    return {**note(""), "type": "normal", "desc": "第一行\n第二行", "video": UNDEFINED, "imageList": images}


def explore(post: Any, current: str = ID) -> Reply:
    detail = {ID: {"note": post, "comments": UNDEFINED}}
    return Reply({"global": UNDEFINED, "note": {"currentNoteId": current, "noteDetailMap": detail}}, STATE)


def discovery(post: Any) -> Reply:
    return Reply({"noteData": {"data": {"noteData": post}, "normalNotePreloadData": UNDEFINED}}, STATE)


def hidden() -> dict[str, Any]:
    return {**note(), "video": {"media": {"stream": {}}}}


COVER = "http://sns-webpic.example/2024/abc/cover!nd_dft"
AUTHOR = LinkAuthor("5f00", "作者", "https://sns-avatar.example/a.jpg")
FOUND = LinkedMedia("http://sns-video.example/v264.mp4", COVER, "undefined 的标题", "", (), AUTHOR)
ORIGINAL = "https://ci.xiaohongshu.com/notes_pre_post/1040g3k031abcdef?imageView2/format/jpg"
SPECTRUM = "https://ci.xiaohongshu.com/notes_pre_post/spectrum/1040g3k031abcdef?imageView2/format/jpg"
IMAGES = (
    LinkedImage(ORIGINAL, "http://sns-video.example/live.mp4"),
    LinkedImage(SPECTRUM),
    LinkedImage("http://sns-webpic.example/plain!x"),
)
PICTURES = LinkedMedia("", ORIGINAL, "第一行", "", IMAGES, AUTHOR)
MOBILE_NOTE = {**note(), "user": {"userId": "5f00", "nickName": "作者", "avatar": AUTHOR.avatar_url}}
CASES = (
    Case("video", LINK, {EXPLORE: explore(note())}, FOUND),
    Case("images", LINK, {EXPLORE: explore(pictures())}, PICTURES),
    Case("discovery behind an empty note", LINK, {EXPLORE: explore({}), DISCOVERY: discovery(MOBILE_NOTE)}, FOUND),
    Case("expired", LINK, {EXPLORE: explore({}, "undefined")}, Outcome.GONE),
    Case(
        "login",
        LINK,
        {
            "https://www.xiaohongshu.com/": Reply(
                status=302, location="https://www.xiaohongshu.com/website-login/captcha?x"
            )
        },
        Outcome.GATED,
    ),
    Case("too often", LINK, {EXPLORE: Reply(status=461)}, Outcome.LIMITED),
    Case("video left out", LINK, {EXPLORE: explore(hidden()), DISCOVERY: discovery(hidden())}, Outcome.GATED),
    Case("changed", LINK, {EXPLORE: Reply({"user": {}}, STATE), DISCOVERY: Reply({}, STATE)}, Outcome.CHANGED),
    Case("hostile", LINK, {EXPLORE: explore(note(HOSTILE))}, replace(FOUND, title=HARMLESS)),
)
