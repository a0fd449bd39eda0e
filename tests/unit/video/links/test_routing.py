"""Which links are whose: by exact hosts, out of what people paste."""

from __future__ import annotations

import pytest

from kit.errors import DomainError
from kit.net.urls import read_url
from services.video.domain.links import Outcome, link_in
from services.video.links.reader import WebPageReader
from services.video.links.router import platform_of
from tests.fakes.clock import FakeClock
from tests.unit.video.links.web import FakeWeb

DOUYIN = "https://v.douyin.com/iXxx123/"
KUAISHOU = "https://v.kuaishou.com/aBc123"
RED = "http://xhslink.com/a/AbCdEf123"


@pytest.mark.parametrize(
    ("link", "platform"),
    [
        (DOUYIN, "douyin"),
        ("https://V.DOUYIN.COM./x1234/", "douyin"),
        ("https://v.douyin.com:443/x1234/", "douyin"),
        ("https://www.iesdouyin.com/share/video/7300000000000000001/", "douyin"),
        (KUAISHOU, "kuaishou"),
        ("https://abc.m.chenzhongtech.com/fw/photo/3xabcdefg", "kuaishou"),
        (RED, "xiaohongshu"),
        ("https://xhslink.cn/AbCdEf", "xiaohongshu"),
        ("https://b23.tv/AbCdEf", "bilibili"),
        ("https://m.weibo.cn/status/4999999999999999", "weibo"),
        ("https://mapp.api.weibo.cn/fx/0123456789abcdef.html", "weibo"),
        ("https://h5.pipix.com/s/AbCdE/", "pipixia"),
        ("https://v.ixigua.com/AbCdE/", "xigua"),
        ("https://h5.weishi.qq.com/weishi/feed?id=7abcdefghijk", "weishi"),
        ("https://share.xiaochuankeji.cn/hybrid/share/post?pid=1", "zuiyou"),
        ("https://haokan.hao123.com/v?vid=1234567", "haokan"),
        ("https://m.acfun.cn/v/?ac=1", "acfun"),
        ("https://www.huya.com/video/play/12345.html", "huya"),
        ("https://www.pearvideo.com/video_1234567", "pear"),
        ("https://node.kg.qq.com/play?s=abcd", "quanminkge"),
    ],
)
def test_links_of_platforms(link: str, platform: str) -> None:
    found = platform_of(read_url(link))
    assert found is not None and found.key == platform


@pytest.mark.parametrize(
    ("link", "reason"),
    [
        ("https://reddit.com/r/x", "platform_unsupported"),
        ("https://www.netflix.com/", "platform_unsupported"),
        ("https://www.126.cn/", "platform_unsupported"),
        ("https://m.oasis.weibo.cn/v1/h5/share?sid=1", "platform_unsupported"),
        ("http://169.254.169.254/latest/?v.kuaishou.com", "platform_unsupported"),
        ("https://v.douyin.com.evil.tld/", "platform_unsupported"),
        ("https://evil.tld/v.douyin.com", "platform_unsupported"),
        ("https://evil.tld/#https://v.douyin.com/abcde/", "platform_unsupported"),
        ("https://evil.tld?https://v.douyin.com/abcde/", "platform_unsupported"),
        ("https://xv.douyin.com/abcde/", "platform_unsupported"),
        ("https://douyin.com.cn/abcde/", "platform_unsupported"),
        ("https://m.chenzhongtech.com/fw/photo/3xabcdefg", "platform_unsupported"),
        ("https://evil-m.chenzhongtech.com/fw/photo/3xabcdefg", "platform_unsupported"),
        ("https://v.douyin.com:8080/abcde/", "platform_unsupported"),
        ("https://127.0.0.1/v.douyin.com/", "platform_unsupported"),
        ("https://[::1]/", "platform_unsupported"),
        ("https://2130706433/", "platform_unsupported"),
        ("https://v.douyin.com@10.0.0.1/", "LINK_MISSING"),
        ("https://10.0.0.1@v.douyin.com/abcde/", "LINK_MISSING"),
        ("http:\\\\v.douyin.com\\@127.0.0.1", "LINK_MISSING"),
        ("https://v.douyin.com\\@127.0.0.1/", "LINK_MISSING"),
        ("https://v.douyin.com/abcde\\..\\x", "LINK_MISSING"),
        ("https://v.douyin.com:0/abcde/", "LINK_MISSING"),
        ("https://www.douyin.com/user/MS4wLjAB", "kind_unsupported"),
        ("https://www.douyin.com/music/7300000000000000001", "kind_unsupported"),
        ("https://www.douyin.com/video/12ab", "kind_unsupported"),
        ("https://www.douyin.com/video/7300000000000000001/../../x", "kind_unsupported"),
        ("https://v.douyin.com/", "kind_unsupported"),
        ("https://v.douyin.com/a/b/c", "kind_unsupported"),
        ("https://www.bilibili.com/bangumi/play/ss1", "kind_unsupported"),
        ("https://www.xiaohongshu.com/user/profile/5f00", "kind_unsupported"),
        ("https://weibo.com/u/1234567890", "kind_unsupported"),
        ("https://share.xiaochuankeji.cn/hybrid/share/post?pid=1%7D", "kind_unsupported"),
        ("https://kg.qq.com/node/play?s=%22%7D", "kind_unsupported"),
        ("https://live.kuaishou.com/u/x", "platform_unsupported"),
    ],
)
async def test_nothing_is_asked_for_a_link_that_leads_elsewhere(link: str, reason: str) -> None:
    web = FakeWeb()
    assert await _reason(web, link) == reason
    assert web.asked == []


async def _reason(web: FakeWeb, text: str) -> str:
    try:
        reading = await WebPageReader(web, FakeClock()).read(link_in(text), timeout_s=5)
    except DomainError as refused:
        return refused.reason_name
    return reading.outcome.value if hasattr(reading, "outcome") else Outcome.UNREACHABLE.value


@pytest.mark.parametrize(
    ("text", "link"),
    [
        (DOUYIN, DOUYIN),
        (f"  {DOUYIN}  ", DOUYIN),
        (f"7.43 W@m.dN 复制打开抖音，看看【作者的作品】标题... {DOUYIN} 08/16 ufB:/ ", DOUYIN),
        (f"7.66 B@T.IP 03/03 baN/: 长按复制此条消息 {DOUYIN} 复制此链接，打开Dou音搜索", DOUYIN),
        (f"{DOUYIN}复制此链接", DOUYIN),
        (f"看看{DOUYIN}，超好看", DOUYIN),
        (f"（{DOUYIN}）", DOUYIN),
        (f"【{DOUYIN}】", DOUYIN),
        (f"({DOUYIN})", DOUYIN),
        (f"<{DOUYIN}>", DOUYIN),
        (f'"{DOUYIN}"', DOUYIN),
        (f"“{DOUYIN}”", DOUYIN),
        (f"{DOUYIN}。", DOUYIN),
        (f"{DOUYIN}.", DOUYIN),
        (f"{DOUYIN}...", DOUYIN),
        (f"{DOUYIN}!", DOUYIN),
        (f"{DOUYIN}？真的", DOUYIN),
        (f"{DOUYIN}\n下一行", DOUYIN),
        (f"{DOUYIN}\u3000全角空格", DOUYIN),
        (f"{DOUYIN}\u200b零宽", DOUYIN),
        (f"{DOUYIN}😀", DOUYIN),
        (f"链接：{DOUYIN}；密码：1234", DOUYIN),
        (f"{DOUYIN} {KUAISHOU}", DOUYIN),
        ("HTTPS://V.DOUYIN.COM/iXxx123/", DOUYIN),
        ("v.douyin.com/iXxx123/", DOUYIN),
        ("打开 v.douyin.com/iXxx123/ 看", DOUYIN),
        ("打开v.douyin.com/iXxx123/看", DOUYIN),
        ("2.33 v.douyin.com/iXxx123/", DOUYIN),
        (f'{KUAISHOU} "标题" 该作品在快手被播放过1万次，点击链接，打开【快手】直接观看！', KUAISHOU),
        (
            f"12 作者发布了一篇小红书笔记，快来看吧！ 😆 AbC 😆 {RED}，复制本条信息，打开【小红书】App查看精彩内容！",
            RED,
        ),
        (
            "https://www.xiaohongshu.com/explore/64a1b2c3d4e5f60718293a4b?xsec_token=ABx_y-z12345=&xsec_source=pc",
            "https://www.xiaohongshu.com/explore/64a1b2c3d4e5f60718293a4b?xsec_token=ABx_y-z12345=&xsec_source=pc",
        ),
        (
            "【标题】 https://www.xiaohongshu.com/discovery/item/64a1b2c3d4e5f60718293a4b?xsec_token=ABx==",
            "https://www.xiaohongshu.com/discovery/item/64a1b2c3d4e5f60718293a4b?xsec_token=ABx==",
        ),
        ("【标题-哔哩哔哩】 https://b23.tv/AbCdEf1", "https://b23.tv/AbCdEf1"),
        ("https://b23.tv/AbCdEf1【标题】", "https://b23.tv/AbCdEf1"),
        (
            "https://www.bilibili.com/video/BV1xx411c7mD?p=2&vd_source=abc",
            "https://www.bilibili.com/video/BV1xx411c7mD?p=2&vd_source=abc",
        ),
        (
            "作者的微博视频 https://video.weibo.com/show?fid=1034:4999999999999999 ",
            "https://video.weibo.com/show?fid=1034:4999999999999999",
        ),
        ("皮皮虾我们走 https://h5.pipix.com/s/AbCdE/，", "https://h5.pipix.com/s/AbCdE/"),
        ("《标题》https://v.ixigua.com/AbCdE/ 复制打开西瓜视频", "https://v.ixigua.com/AbCdE/"),
        (
            "#最右#分享一条有趣的内容给你，点击查看 https://share.xiaochuankeji.cn/hybrid/share/post?pid=1&zy_to=applink",
            "https://share.xiaochuankeji.cn/hybrid/share/post?pid=1&zy_to=applink",
        ),
        (
            "我唱了一首歌 https://node.kg.qq.com/play?s=AbC-_dE&g_f=x ，快来听",
            "https://node.kg.qq.com/play?s=AbC-_dE&g_f=x",
        ),
        ("视频 https://www.pearvideo.com/video_1234567\t完", "https://www.pearvideo.com/video_1234567"),
        ("【标题_AcFun】https://www.acfun.cn/v/ac12345678", "https://www.acfun.cn/v/ac12345678"),
    ],
)
def test_links_in_what_apps_share(text: str, link: str) -> None:
    assert str(link_in(text)) == link


@pytest.mark.parametrize(
    "text",
    [
        "",
        "只有文字",
        "7.66 B@T.IP 03/03 baN/:",
        "ftp://v.douyin.com/x",
        "https://",
        "http://[::1",
        "a@v.douyin.com/x",
        "1.5/2",
        "复制。打开",
    ],
)
def test_texts_without_a_link(text: str) -> None:
    with pytest.raises(DomainError) as refused:
        link_in(text)
    assert (refused.value.reason_name, refused.value.message) == ("LINK_MISSING", "未找到有效的视频链接")
