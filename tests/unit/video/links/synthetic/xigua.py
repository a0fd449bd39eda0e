"""Synthetic: Xigua."""

from __future__ import annotations

from dataclasses import replace

from services.video.domain.links import Outcome
from tests.unit.video.links.synthetic import douyin
from tests.unit.video.links.synthetic.case import GONE_REPLY, HARMLESS, HOSTILE, Case, Reply

LINK = f"https://www.ixigua.com/{douyin.ID}?logTag=x"
SHARE = f"https://m.ixigua.com/douyin/share/video/{douyin.ID}?aweme_type=107"
_GONE = douyin.page(None, filter_list=douyin.filtered("status_self_see"))
_GATE = Reply(status=302, location="https://www.ixigua.com/captcha/verify")
CASES = (
    Case("page", LINK, {SHARE: douyin.page(douyin.video())}, douyin.FOUND),
    Case("best variant", LINK, {SHARE: douyin.page(douyin.variants())}, douyin.BEST),
    Case(
        "details behind a changed page",
        LINK,
        {SHARE: douyin.NO_INFO, douyin.DETAILS: douyin.details(douyin.video())},
        douyin.FOUND,
    ),
    Case("private", LINK, {SHARE: _GONE}, Outcome.GONE),
    Case("missing", LINK, {SHARE: GONE_REPLY}, Outcome.GONE),
    Case("gate", LINK, {SHARE: _GATE}, Outcome.GATED),
    Case("changed", LINK, {SHARE: douyin.NO_INFO, douyin.DETAILS: Reply({})}, Outcome.CHANGED),
    Case("hostile", LINK, {SHARE: douyin.page(douyin.video(HOSTILE))}, replace(douyin.FOUND, title=HARMLESS)),
)
