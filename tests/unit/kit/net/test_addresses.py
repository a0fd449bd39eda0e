"""Which addresses are public, and which texts are URLs."""

from __future__ import annotations

import pytest

from kit.net.addresses import is_literal, is_loopback, is_public
from kit.net.urls import UrlRefused, follow, read_url


@pytest.mark.parametrize(
    "address",
    ["1.1.1.1", "223.5.5.5", "172.32.0.1", "168.63.129.17", "8.8.8.8", "2400:3200::1", "2606:4700:4700::1111"],
)
def test_public_addresses(address: str) -> None:
    assert is_public(address)


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1",
        "0.1.2.3",
        "172.31.255.255",
        "192.88.99.1",
        "203.0.113.9",
        "10.0.0.1",
        "172.16.0.1",
        "192.168.1.1",
        "169.254.169.254",
        "100.64.0.1",
        "100.100.100.200",
        "168.63.129.16",
        "192.0.0.192",
        "198.18.0.1",
        "192.0.2.1",
        "224.0.0.1",
        "240.0.0.1",
        "255.255.255.255",
        "::",
        "::1",
        "::ffff:10.0.0.1",
        "::ffff:8.8.8.8",
        "::10.0.0.1",
        "64:ff9b::a00:1",
        "64:ff9b:1::1",
        "2001:0:1::1",
        "2001:db8::1",
        "2002:a00:1::",
        "fc00::1",
        "fd00:ec2::254",
        "fe80::1",
        "fe80::1%eth0",
        "2400:3200::1%eth0",
        "fec0::1",
        "ff02::1",
        "",
        "example.com",
        "127.1",
        "2130706433",
    ],
)
def test_addresses_that_are_not_public(address: str) -> None:
    assert not is_public(address)


def test_addresses_of_this_machine() -> None:
    assert is_loopback("127.0.0.2") and is_loopback("::1")
    assert not is_loopback("10.0.0.1") and not is_loopback("localhost")


def test_literals() -> None:
    assert is_literal("10.0.0.1") and is_literal("::1")
    assert not is_literal("v.douyin.com") and not is_literal("2130706433")


@pytest.mark.parametrize(
    ("text", "spelled"),
    [
        ("https://V.Douyin.COM./abc?x=1#top", "https://v.douyin.com/abc?x=1"),
        ("http://example.com:80", "http://example.com/"),
        ("https://example.com:443/a", "https://example.com/a"),
        ("https://example.com:8443/a", "https://example.com:8443/a"),
        ("https://例子.中国/视频", "https://xn--fsqu00a.xn--fiqs8s/%E8%A7%86%E9%A2%91"),
        ("https://example.com/a%2Fb?s=%2B+c&x=y==", "https://example.com/a%2Fb?s=%2B+c&x=y=="),
        ("http://[2400:3200:0::1]/", "http://[2400:3200::1]/"),
    ],
)
def test_urls_in_one_spelling(text: str, spelled: str) -> None:
    assert str(read_url(text)) == spelled


@pytest.mark.parametrize(
    "text",
    [
        "",
        "v.douyin.com/abc",
        "ftp://example.com/",
        "file:///etc/passwd",
        "https://user@example.com/",
        "https://v.douyin.com@10.0.0.1/",
        "https://@example.com/",
        "http:\\\\v.douyin.com\\@127.0.0.1",
        "https://example.com\\@10.0.0.1/",
        "https://exa mple.com/",
        "https://example.com/\r\nHost: other",
        "https://example.com/\tx",
        "https://example.com:0/",
        "https://example.com:99999/",
        "https://example.com:8a/",
        "https://exa_mple..com/",
        "https://-example.com/",
        "https://[::1",
        "https://[fe80::1%25eth0]/",
        "https://[v1.x]/",
        "https:///path",
        "https://a" + "b" * 2048,
        "https://" + "a" * 64 + ".com/",
        "https://example.com/\udcff",
    ],
)
def test_texts_that_are_no_url(text: str) -> None:
    with pytest.raises(UrlRefused):
        read_url(text)


@pytest.mark.parametrize(
    ("location", "leads_to"),
    [
        ("/b?c", "https://example.com/b?c"),
        ("//other.example/b", "https://other.example/b"),
        ("http://other.example/", "http://other.example/"),
    ],
)
def test_redirects(location: str, leads_to: str) -> None:
    assert str(follow(read_url("https://example.com/a"), location)) == leads_to


@pytest.mark.parametrize("location", ["", "javascript:alert(1)", "http://u@h/", "http://[::1", "\\\\h\\x"])
def test_redirects_to_nowhere(location: str) -> None:
    with pytest.raises(UrlRefused):
        follow(read_url("https://example.com/a"), location)
