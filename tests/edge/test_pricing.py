"""Features and packages as users and administrators see them."""

from __future__ import annotations

import pytest

from tests.edge.golden import same_shape, same_shape_as_read
from tests.edge.platform import Platform
from voxreel.billing.v1 import package_service_pb2 as packages
from voxreel.engine.v1 import engine_service_pb2 as engines

FEATURES = "/api/user/credits/features"
PACKAGES = "/api/user/credits/packages"
ADMIN_FEATURES = "/api/user/admin/credits/features"
ADMIN_FEATURE = "/api/user/admin/credits/features/{feature_key}"
ADMIN_PACKAGES = "/api/user/admin/credits/packages"
ADMIN_PACKAGE = "/api/user/admin/credits/packages/{package_key}"
VIP = {
    "package_key": "vip",
    "name": "VIP套餐",
    "credits": "5000",
    "price_cny": "40.0",
    "discount": "20",
    "popular": "true",
    "sort_order": "10",
}


def thirty() -> packages.CreditPackage:
    """The package of the contract that is popular."""
    return packages.CreditPackage(
        key="recharge_30",
        terms=packages.PackageTerms(
            display_name="30元充值",
            credits=3100,
            price_fen=3000,
            is_popular=True,
            features=packages.PackageFeatures(names=["TTS语音合成"]),
            validity_days=365,
        ),
        discount_hundredths=333,
        value_ratio_hundredths=10_333,
        original_price_fen=3100,
        savings_fen=100,
    )


async def test_features_are_answered_as_documented(platform: Platform) -> None:
    platform.ledger.balances[platform.user.id] = 120
    async with platform.client.get(FEATURES, headers=platform.bearer()) as response:
        reply = await response.json()
    assert response.status == 200
    same_shape(reply, "GET", FEATURES)
    assert reply["user_credits"] == 120
    assert {key: feature["available_times"] for key, feature in reply["features"].items()} == {
        "tts": 12,
        "voice_clone": 2,
        "video_generate": 1,
        "chroma_key": 1,
        "asr_recognize": 6,
        "llm_rewrite": 8,
    }
    assert [key for key, feature in reply["features"].items() if feature["implemented"]] == ["tts"]
    assert reply["summary"] == {
        "total_features": 6,
        "implemented_features": 1,
        "affordable_features": 6,
        "min_cost": 10,
        "max_cost": 100,
    }
    assert [each["type"] for each in reply["recommendations"]] == ["sufficient_credits"]


async def test_a_feature_is_implemented_while_an_engine_can_do_it(platform: Platform) -> None:
    platform.speech_engines.engines[0].is_available = False
    platform.video_engines.engines.append(engines.Engine(name="fake", capability="chroma_key", is_available=True))
    async with platform.client.get(FEATURES, headers=platform.bearer()) as response:
        reply = await response.json()
    assert [key for key, feature in reply["features"].items() if feature["implemented"]] == ["chroma_key"]


async def test_what_is_too_expensive_is_named_and_what_is_free_is_not_counted(platform: Platform) -> None:
    platform.ledger.balances[platform.user.id] = 85
    platform.pricing.prices["tts"].credits = 0
    async with platform.client.get(FEATURES, headers=platform.bearer()) as response:
        reply = await response.json()
    assert reply["features"]["tts"]["available_times"] == 999_999
    assert not reply["features"]["video_generate"]["sufficient_credits"]
    assert reply["recommendations"] == [
        {
            "type": "insufficient_credits",
            "message": "您的积分不足以使用：视频生成",
            "action": "充值积分或激活卡密",
        }
    ]


async def test_a_price_is_changed_as_documented(platform: Platform) -> None:
    admin = platform.bearer(platform.admin)
    async with platform.client.put(
        ADMIN_FEATURE.format(feature_key="tts"), params={"credits_cost": "15"}, headers=admin
    ) as response:
        reply = await response.json()
    assert response.status == 200
    same_shape(reply, "PUT", ADMIN_FEATURE)
    assert (reply["old_credits_cost"], reply["new_credits_cost"], reply["updated_by"]) == (10, 15, "admin")
    async with platform.client.get(ADMIN_FEATURES, headers=admin) as response:
        listed = await response.json()
    same_shape(listed, "GET", ADMIN_FEATURES)
    assert listed["features"]["tts"] == {
        "name": "语音合成",
        "description": "将文本转换为语音",
        "credits_cost": 15,
        "endpoint": "POST /api/tts/synthesize",
        "unit": "每次合成",
        "category": "语音服务",
    }
    assert all(feature["endpoint"] for feature in listed["features"].values())
    assert listed["config_info"]["last_updated"] == reply["updated_at"]


@pytest.mark.parametrize(
    ("key", "cost", "status", "detail"),
    [
        ("nothing", "1", 404, "功能不存在"),
        ("tts", "-1", 422, "参数 credits_cost 不能小于 0"),
        ("tts", "1000001", 422, "参数 credits_cost 不能大于 1000000"),
        ("tts", "1.5", 422, "参数 credits_cost 必须是整数"),
    ],
)
async def test_prices_that_are_refused(platform: Platform, key: str, cost: str, status: int, detail: str) -> None:
    async with platform.client.put(
        ADMIN_FEATURE.format(feature_key=key),
        params={"credits_cost": cost},
        headers=platform.bearer(platform.admin),
    ) as response:
        assert (response.status, await response.json()) == (status, {"detail": detail})


async def test_packages_are_answered_as_documented(platform: Platform) -> None:
    platform.ledger.balances[platform.user.id] = 150
    platform.packages.add(thirty())
    async with platform.client.get(PACKAGES, headers=platform.bearer()) as response:
        reply = await response.json()
    assert response.status == 200
    same_shape(
        {**reply, "packages": dict.fromkeys(_documented_keys(), reply["packages"]["recharge_30"])}, "GET", PACKAGES
    )
    assert reply["user_info"] == {"current_credits": 150, "account": "testuser"}
    assert reply["packages"] == {
        "recharge_30": {
            "name": "30元充值",
            "credits": 3100,
            "price_cny": 30.0,
            "discount": 3.33,
            "popular": True,
            "value_ratio": 103.33,
            "original_price_cny": 31.0,
            "savings_cny": 1.0,
        }
    }
    assert reply["summary"]["price_range"] == {"min_price": 30.0, "max_price": 30.0}


def _documented_keys() -> list[str]:
    return [f"recharge_{price}" for price in (1, 6, 30, 68, 128, 328)]


async def test_without_packages_there_is_nothing_to_buy(platform: Platform) -> None:
    async with platform.client.get(PACKAGES, headers=platform.bearer()) as response:
        reply = await response.json()
    assert reply["packages"] == {}
    assert reply["summary"]["credits_range"] == {"min_credits": 0, "max_credits": 0}
    async with platform.client.get(ADMIN_PACKAGES, headers=platform.bearer(platform.admin)) as response:
        assert (await response.json())["config_info"]["last_updated"] is None


async def test_a_package_is_made_changed_and_deleted(platform: Platform) -> None:
    admin = platform.bearer(platform.admin)
    async with platform.client.post(ADMIN_PACKAGES, params=VIP, headers=admin) as response:
        made = await response.json()
    assert response.status == 200, made
    same_shape_as_read(made, "POST", ADMIN_PACKAGES)
    assert (made["message"], made["package_key"], made["created_by"]) == ("积分套餐创建成功", "vip", "admin")
    terms = platform.packages.packages["vip"].terms
    assert (terms.credits, terms.price_fen, terms.discount_hundredths) == (5000, 4000, 2000)
    assert (terms.is_popular, terms.sort_order) == (True, 10)
    given = {"name": "VIP Plus", "price_cny": "12.01", "features": "TTS语音合成，优先处理, ", "validity_days": "30"}
    path = ADMIN_PACKAGE.format(package_key="vip")
    async with platform.client.put(path, params=given, headers=admin) as response:
        changed = await response.json()
    same_shape_as_read(changed, "PUT", ADMIN_PACKAGE)
    assert (response.status, changed["message"]) == (200, "积分套餐更新成功")
    terms = platform.packages.packages["vip"].terms
    assert (terms.display_name, terms.credits, terms.price_fen) == ("VIP Plus", 5000, 1201)
    assert (changed["package"]["features"], changed["package"]["validity_days"]) == (["TTS语音合成", "优先处理"], 30)
    async with platform.client.get(ADMIN_PACKAGES, headers=admin) as response:
        listed = await response.json()
    same_shape({**listed, "packages": {"basic": listed["packages"]["vip"]}}, "GET", ADMIN_PACKAGES)
    assert listed["packages"] == {"vip": changed["package"]}
    async with platform.client.delete(path, headers=admin) as response:
        deleted = await response.json()
    assert response.status == 200
    same_shape(deleted, "DELETE", ADMIN_PACKAGE)
    assert (deleted["package_key"], deleted["package_name"], deleted["deleted_by"]) == ("vip", "VIP Plus", "admin")
    async with platform.client.delete(path, headers=admin) as response:
        assert (response.status, await response.json()) == (404, {"detail": "积分套餐不存在"})


async def test_the_same_key_makes_one_package_and_another_is_taken(platform: Platform) -> None:
    headers = {**platform.bearer(platform.admin), "Idempotency-Key": "vip-2026"}
    for _ in range(2):
        async with platform.client.post(ADMIN_PACKAGES, params=VIP, headers=headers) as response:
            assert response.status == 200
    async with platform.client.post(ADMIN_PACKAGES, params=VIP, headers=platform.bearer(platform.admin)) as response:
        assert (response.status, await response.json()) == (409, {"detail": "套餐键名已存在"})


@pytest.mark.parametrize(
    ("changed", "detail"),
    [
        ({"price_cny": "0"}, "参数 price_cny 不能小于 0.01"),
        ({"price_cny": "1.001"}, "参数 price_cny 最多 2 位小数"),
        ({"price_cny": "x"}, "参数 price_cny 必须是数字"),
        ({"price_cny": "NaN"}, "参数 price_cny 必须是有限的数字"),
        ({"price_cny": "1e9"}, "参数 price_cny 不能大于 1000000"),
        ({"discount": "101"}, "参数 discount 不能大于 100"),
        ({"credits": "0"}, "参数 credits 不能小于 1"),
        ({"sort_order": "-1"}, "参数 sort_order 不能小于 0"),
        ({"package_key": "a b"}, "参数 package_key 的格式不正确"),
        ({"package_key": "vip\n"}, "参数 package_key 的格式不正确"),
        ({"popular": "maybe"}, "参数 popular 必须是布尔值"),
    ],
)
async def test_packages_that_are_refused(platform: Platform, changed: dict[str, str], detail: str) -> None:
    async with platform.client.post(
        ADMIN_PACKAGES, params={**VIP, **changed}, headers=platform.bearer(platform.admin)
    ) as response:
        assert (response.status, await response.json()) == (422, {"detail": detail})
    assert platform.packages.packages == {}


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", ADMIN_FEATURES),
        ("PUT", "/api/user/admin/credits/features/tts?credits_cost=1"),
        ("GET", ADMIN_PACKAGES),
        ("POST", f"{ADMIN_PACKAGES}?package_key=vip&name=x&credits=1&price_cny=1"),
        ("PUT", f"{ADMIN_PACKAGES}/vip?name=x"),
        ("DELETE", f"{ADMIN_PACKAGES}/vip"),
        ("GET", "/api/user/admin/credits-chart"),
    ],
)
async def test_users_may_not(platform: Platform, method: str, path: str) -> None:
    async with platform.client.request(method, path, headers=platform.bearer()) as response:
        assert (response.status, await response.json()) == (403, {"detail": "需要管理员权限"})
