"""Synthetic: Kuaishou."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from services.video.domain.links import LinkAuthor, LinkedImage, LinkedMedia, Outcome
from tests.unit.video.links.synthetic.case import HARMLESS, HOSTILE, Case, Reply, script

ID = "3xabcdefghijkl"
LINK = f"https://v.m.chenzhongtech.com/fw/long-video/{ID}?shareToken=X-1&fid=2"
DESKTOP = f"https://www.kuaishou.com/short-video/{ID}"
PAGE = f"https://v.m.chenzhongtech.com/fw/photo/{ID}"
STATE = script("window.INIT_STATE")
APOLLO = script("window.__APOLLO_STATE__", after=";(function(){})()")


def photo(title: str = "标题") -> dict[str, Any]:
    return {
        "mainMvUrls": [{"cdn": "x", "url": "https://txmov.example/v.mp4"}],
        "coverUrls": [{"url": "https://p1.example/c.jpg"}],
        "caption": title,
        "userName": "作\u3164者",
        "userEid": "3xuser",
        "headUrl": "https://p1.example/h.jpg",
        "photoType": "VIDEO",
    }


def atlas() -> dict[str, Any]:
    pictures = {
        "cdnList": [{"cdn": "p2.example"}],
        "list": ["/ufile/1.webp", "ufile/2.webp"],
        "music": "/ufile/m.m4a",
        "musicCdnList": [{"cdn": "m.example"}],
    }
    return {**photo("图集"), "mainMvUrls": [], "ext_params": {"atlas": pictures}}


def state(result: int, post: Any) -> Reply:
    scrambled = {"tusjoh0x": {"a": 1}, "tusjoh0sftu": {"result": result, "photo": post, "counts": {}}, "n": None}
    return Reply(scrambled, STATE)


AUTHOR = LinkAuthor("3xuser", "作者", "https://p1.example/h.jpg")
FOUND = LinkedMedia("https://txmov.example/v.mp4", "https://p1.example/c.jpg", "标题", "", (), AUTHOR)
IMAGES = (LinkedImage("https://p2.example/ufile/1.webp"), LinkedImage("https://p2.example/ufile/2.webp"))
ATLAS = replace(FOUND, video_url="", title="图集", music_url="https://m.example/ufile/m.m4a", images=IMAGES)
SHOWN = {"photoUrl": "https://txmov.example/v.mp4", "coverUrl": "https://p1.example/c.jpg", "caption": "标题"}
CLIENT = {"defaultClient": {"ROOT_QUERY": {}, f"VisionVideoDetailPhoto:{ID}": SHOWN}}
CASES = (
    Case("video", LINK, {PAGE: state(1, photo())}, FOUND),
    Case("images", LINK, {PAGE: state(1, atlas())}, ATLAS),
    Case("without the query", LINK, {f"{PAGE}?": Reply({}, STATE), PAGE: state(1, photo())}, FOUND),
    Case("desktop", DESKTOP, {PAGE: Reply({}), DESKTOP: Reply(CLIENT, APOLLO)}, replace(FOUND, author=LinkAuthor())),
    Case("captcha", LINK, {PAGE: state(2001, None), DESKTOP: Reply({}, APOLLO)}, Outcome.GATED),
    Case("blocked", LINK, {PAGE: Reply({"result": 2, "error_msg": None}), DESKTOP: Reply({}, APOLLO)}, Outcome.GATED),
    Case("changed", LINK, {PAGE: Reply({"x": {"y": 1}}, STATE), DESKTOP: Reply({}, APOLLO)}, Outcome.CHANGED),
    Case("missing", LINK, {PAGE: Reply(status=404)}, Outcome.GONE),
    Case("hostile", LINK, {PAGE: state(1, photo(HOSTILE))}, replace(FOUND, title=HARMLESS)),
)
