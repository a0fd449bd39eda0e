"""The synthetic pages of every platform."""

from __future__ import annotations

from collections.abc import Mapping

from tests.unit.video.links.synthetic import (
    acfun,
    bilibili,
    douyin,
    haokan,
    huya,
    kuaishou,
    pear,
    pipixia,
    quanminkge,
    weibo,
    weishi,
    xiaohongshu,
    xigua,
    zuiyou,
)
from tests.unit.video.links.synthetic.case import Case

CASES: Mapping[str, tuple[Case, ...]] = {
    "douyin": douyin.CASES,
    "kuaishou": kuaishou.CASES,
    "xiaohongshu": xiaohongshu.CASES,
    "bilibili": bilibili.CASES,
    "weibo": weibo.CASES,
    "pipixia": pipixia.CASES,
    "xigua": xigua.CASES,
    "weishi": weishi.CASES,
    "zuiyou": zuiyou.CASES,
    "haokan": haokan.CASES,
    "acfun": acfun.CASES,
    "huya": huya.CASES,
    "pear": pear.CASES,
    "quanminkge": quanminkge.CASES,
}
