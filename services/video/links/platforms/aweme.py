"""Posts in the form that Douyin and its sister platforms share."""

from __future__ import annotations

from services.video.domain.links import LinkAuthor, LinkedImage, LinkedMedia, LinkFailure, Outcome, Reading
from services.video.links.node import NOTHING, Node, read_json
from services.video.links.platform import changed
from services.video.links.scripts import assigned, decoded

# The viewer's region is not the post's: it is there, but not for whoever asks from here.
_NOT_FOR_THIS_REGION = "copyright_foreign"


def read_details(body: bytes, post_id: str) -> Reading:
    """The reply of the interface for posts of images, which answers videos as well."""
    reply = read_json(body)
    filtered = _filtered(reply, post_id)
    if filtered is not None:
        return filtered
    post = reply["aweme_details"][0]
    return _media(post) if post.is_object else changed("no aweme_details")


def read_share_page(body: bytes, post_id: str) -> Reading:
    """The page that shared links open on a phone."""
    routes = assigned(decoded(body), "window._ROUTER_DATA")["loaderData"]
    if not routes.is_object:
        return changed("no loaderData")
    found = next((page["videoInfoRes"] for page in routes.values() if page["videoInfoRes"].is_object), NOTHING)
    filtered = _filtered(found, post_id)
    if filtered is not None:
        return filtered
    post = found["item_list"][0]
    return _media(post) if post.is_object else changed("no videoInfoRes")


def _filtered(reply: Node, post_id: str) -> LinkFailure | None:
    for each in reply["filter_list"].items:
        if each["aweme_id"].ident == post_id:
            is_gated = each["filter_reason"].text == _NOT_FOR_THIS_REGION
            return LinkFailure(Outcome.GATED if is_gated else Outcome.GONE, "in the filter list")
    return None


def _media(post: Node) -> LinkedMedia:
    video, author, music = post["video"], post["author"], post["music"]["play_url"]["url_list"][0].text
    images = tuple(_image(each) for each in post["images"].items)
    if images and not music:
        # Of a post of images this is the address of its sound; of a video it is an id.
        music = video["play_addr"]["uri"].text
    return LinkedMedia(
        video_url=_video_url(video),
        cover_url=_not_webp(video["cover"]["url_list"]),
        title=post["desc"].text,
        music_url=music,
        images=images,
        author=LinkAuthor(
            uid=author["sec_uid"].ident or author["unique_id"].ident,
            display_name=author["nickname"].text,
            avatar_url=author["avatar_thumb"]["url_list"][0].text,
        ),
    )


def _video_url(video: Node) -> str:
    # Browsers show H.265 as a black picture.
    variants = [each for each in video["bit_rate"].items if each["is_h265"].number == 0 and _address(each)]
    best = max(variants, key=lambda each: each["bit_rate"].number or 0, default=video)
    # The one path has the watermark, the other is the same video without.
    return (_address(best) or _address(video)).replace("/playwm/", "/play/")


def _address(video: Node) -> str:
    return video["play_addr"]["url_list"][0].text


def _image(image: Node) -> LinkedImage:
    return LinkedImage(_not_webp(image["url_list"]), _address(image["video"]))


def _not_webp(urls: Node) -> str:
    texts = [each.text for each in urls.items if each.text]
    first = texts[0] if texts else ""
    return next((each for each in texts if not each.partition("?")[0].endswith(".webp")), first)
