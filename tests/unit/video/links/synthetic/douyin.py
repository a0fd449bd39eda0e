"""Synthetic: Douyin."""

from __future__ import annotations

from typing import Any

from services.video.domain.links import LinkAuthor, LinkedImage, LinkedMedia, Outcome
from tests.unit.video.links.synthetic.case import HARMLESS, HOSTILE, Case, Reply, script

ID = "7300000000000000001"
LINK = f"https://www.douyin.com/video/{ID}"
NOTE = f"https://www.douyin.com/note/{ID}"
OPEN = f"https://www.douyin.com/jingxuan?modal_id={ID}"
DETAILS = "https://www.iesdouyin.com/web/api/v2/aweme/slidesinfo/"
AS_IMAGES = f"{DETAILS}?aweme_ids=%5B{ID}%5D&request_source=200"
PAGE = "https://www.iesdouyin.com/share/"
AUTHOR = LinkAuthor("MS4wLjABAAAA", "作者", "https://p3.example/a.jpeg")
ROUTER = script("window._ROUTER_DATA")


def author() -> dict[str, Any]:
    return {
        "sec_uid": "MS4wLjABAAAA",
        "unique_id": "dy1",
        "nickname": "作者",
        "avatar_thumb": {"url_list": ["https://p3.example/a.jpeg"]},
    }


def video(title: str = "标题 #话题") -> dict[str, Any]:
    return {
        "aweme_id": ID,
        "aweme_type": 4,
        "desc": title,
        "author": author(),
        "music": {"play_url": {"url_list": ["https://sf.example/m.mp3"]}},
        "video": {
            "cover": {"url_list": ["https://p3.example/c.webp?x=1", "https://p3.example/c.jpeg"]},
            "play_addr": {"uri": "v0200", "url_list": ["https://aweme.example/aweme/v1/playwm/?video_id=v0200"]},
        },
    }


def variants() -> dict[str, Any]:
    post = video()
    post["video"]["bit_rate"] = [
        {"bit_rate": 900, "is_h265": 1, "play_addr": {"url_list": ["https://v.example/h265.mp4"]}},
        {"bit_rate": 300, "is_h265": 0, "play_addr": {"url_list": ["https://v.example/low.mp4"]}},
        {"bit_rate": 600, "is_h265": 0, "play_addr": {"url_list": ["https://v.example/high.mp4"]}},
    ]
    return post


def note() -> dict[str, Any]:
    live = {"play_addr": {"url_list": ["https://v.example/live.mp4"]}}
    post = video("图文")
    return {
        **post,
        "music": {},
        "video": {**post["video"], "play_addr": {"uri": "https://sf.example/note.mp3", "url_list": []}},
        "images": [
            {"url_list": ["https://p3.example/1.webp", "https://p3.example/1.jpeg"], "video": live},
            {"url_list": ["https://p3.example/2.webp"]},
        ],
    }


def details(post: dict[str, Any]) -> Reply:
    return Reply({"status_code": 0, "aweme_details": [post]})


def page(post: dict[str, Any] | None, kind: str = "video", **more: Any) -> Reply:
    info = {"item_list": [post] if post else [], **more}
    return Reply({"loaderData": {f"{kind}_layout": None, f"{kind}_(id)/page": {"videoInfoRes": info}}}, ROUTER)


def filtered(reason: str) -> list[dict[str, str]]:
    return [{"aweme_id": "1", "filter_reason": "other"}, {"aweme_id": ID, "filter_reason": reason}]


FOUND = LinkedMedia(
    video_url="https://aweme.example/aweme/v1/play/?video_id=v0200",
    cover_url="https://p3.example/c.jpeg",
    title="标题 #话题",
    music_url="https://sf.example/m.mp3",
    author=AUTHOR,
)
BEST = LinkedMedia("https://v.example/high.mp4", FOUND.cover_url, FOUND.title, FOUND.music_url, (), AUTHOR)
IMAGES = (
    LinkedImage("https://p3.example/1.jpeg", "https://v.example/live.mp4"),
    LinkedImage("https://p3.example/2.webp"),
)
NOTE_FOUND = LinkedMedia("", FOUND.cover_url, "图文", "https://sf.example/note.mp3", IMAGES, AUTHOR)
NO_INFO = Reply({"loaderData": {"video_layout": None, "video_(id)/page": {"ua": "x"}}}, ROUTER)
CASES = (
    Case("details", LINK, {DETAILS: details(video())}, FOUND),
    Case("best variant", LINK, {DETAILS: details(variants())}, BEST),
    Case("images", NOTE, {DETAILS: details(note())}, NOTE_FOUND),
    Case("open over a page", OPEN, {DETAILS: details(video())}, FOUND),
    Case("images open over a page", OPEN, {DETAILS: Reply(), AS_IMAGES: details(note())}, NOTE_FOUND),
    Case("page behind empty details", LINK, {DETAILS: Reply(), PAGE: page(video())}, FOUND),
    Case("page of images", NOTE, {PAGE: page(note(), "note")}, NOTE_FOUND),
    Case("deleted", LINK, {DETAILS: Reply(), PAGE: page(None, filter_list=filtered("status_deleted"))}, Outcome.GONE),
    Case("abroad", LINK, {PAGE: page(None, filter_list=filtered("copyright_foreign"))}, Outcome.GATED),
    Case("changed", LINK, {DETAILS: Reply(), PAGE: NO_INFO}, Outcome.CHANGED),
    Case(
        "hostile",
        LINK,
        {DETAILS: Reply(), PAGE: page(video(HOSTILE))},
        LinkedMedia(FOUND.video_url, FOUND.cover_url, HARMLESS, FOUND.music_url, (), AUTHOR),
    ),
    Case("nothing to play", LINK, {DETAILS: details({"desc": "空"}), PAGE: NO_INFO}, Outcome.CHANGED),
)
