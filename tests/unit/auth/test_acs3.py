"""The signature of Alibaba Cloud against the worked example of its documentation."""

from __future__ import annotations

from datetime import UTC, datetime

from services.auth.sms.acs3 import AccessKey, Action, signed_headers

KEY = AccessKey("YourAccessKeyId", "YourAccessKeySecret")


def test_the_documented_example() -> None:
    action = Action(
        host="ecs.cn-shanghai.aliyuncs.com",
        name="RunInstances",
        version="2014-05-26",
        parameters={"RegionId": "cn-shanghai", "ImageId": "win2019_1809_x64_dtc_zh-cn_40G_alibase_20230811.vhd"},
    )
    headers = signed_headers(
        action,
        KEY,
        nonce="3156853299f313e23d1673dc12e1703d",
        time=datetime(2023, 10, 26, 10, 22, 32, tzinfo=UTC),
    )
    assert headers["x-acs-date"] == "2023-10-26T10:22:32Z"
    assert headers["authorization"] == (
        "ACS3-HMAC-SHA256 Credential=YourAccessKeyId,"
        "SignedHeaders=host;x-acs-action;x-acs-content-sha256;x-acs-date;x-acs-signature-nonce;x-acs-version,"
        "Signature=06563a9e1b43f5dfe96b81484da74bceab24a1d853912eee15083a6f0f3283c0"
    )


def test_the_query_is_canonical() -> None:
    parameters = {"b": "阿里 云", "a+": "*~-_.", "C": '{"code":"1"}'}
    query = Action(host="h", name="n", version="v", parameters=parameters).query
    assert query == "C=%7B%22code%22%3A%221%22%7D&a%2B=%2A~-_.&b=%E9%98%BF%E9%87%8C%20%E4%BA%91"


def test_a_key_does_not_show_its_secret() -> None:
    assert "YourAccessKeySecret" not in repr(KEY)
