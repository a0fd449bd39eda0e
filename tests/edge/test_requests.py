"""The form of requests: bodies, parameters, paths, methods, ids."""

from __future__ import annotations

import pytest

from tests.edge.platform import Platform

LOGIN = "/api/user/login"
SYNTHESIZE = "/api/tts/synthesize"
TEXT = {"text": "你好", "voice": "zhichu"}


@pytest.mark.parametrize(
    "body", [b"", b"{", b"{'a': 1}", b'{"account": NaN}', b'{"account": "\\ud800", "password": "x"}', b"\xff\xfe"]
)
async def test_what_is_no_json(platform: Platform, body: bytes) -> None:
    async with platform.client.post(LOGIN, data=body) as response:
        assert (response.status, await response.json()) == (422, {"detail": "请求体不是有效的 JSON"})


@pytest.mark.parametrize("body", [b"[]", b"1", b"null", b'"text"'])
async def test_what_is_no_object(platform: Platform, body: bytes) -> None:
    async with platform.client.post(LOGIN, data=body) as response:
        assert (response.status, await response.json()) == (422, {"detail": "请求体必须是 JSON 对象"})


@pytest.mark.parametrize(
    ("change", "detail"),
    [
        ({"text": None}, "参数 text 必须是字符串"),
        ({"text": ""}, "参数 text 不能少于 1 个字符"),
        ({"text": "字" * 5001}, "参数 text 不能超过 5000 个字符"),
        ({"text": "a\x00b"}, "参数 text 含有不允许的字符"),
        ({"volume": 101}, "参数 volume 不能大于 100"),
        ({"volume": -1}, "参数 volume 不能小于 0"),
        ({"volume": 1.5}, "参数 volume 必须是整数"),
        ({"volume": "loud"}, "参数 volume 必须是整数"),
        ({"volume": "50"}, "参数 volume 必须是整数"),
        ({"volume": True}, "参数 volume 必须是整数"),
        ({"speech_rate": "1.0"}, "参数 speech_rate 必须是数字"),
        ({"speech_rate": 2.1}, "参数 speech_rate 不能大于 2.0"),
        ({"speech_rate": "fast"}, "参数 speech_rate 必须是数字"),
        ({"pitch_rate": 0.4}, "参数 pitch_rate 不能小于 0.5"),
    ],
)
async def test_the_first_problem_is_one_sentence(platform: Platform, change: dict[str, object], detail: str) -> None:
    async with platform.client.post(SYNTHESIZE, json={**TEXT, **change}, headers=platform.bearer()) as response:
        assert (response.status, await response.json()) == (422, {"detail": detail})
        assert response.headers["X-Error-Reason"] == "REQUEST_MALFORMED"
    assert platform.speech.accepted == {}


async def test_a_missing_field_is_named(platform: Platform) -> None:
    async with platform.client.post(SYNTHESIZE, json={"text": "你好"}, headers=platform.bearer()) as response:
        assert (response.status, await response.json()) == (422, {"detail": "缺少参数 voice"})


@pytest.mark.parametrize(
    ("account", "status"), [("ab", 422), ("a" * 33, 422), ("a b c", 422), ("名字名字", 422), ("A_b-9", 200)]
)
async def test_the_form_of_accounts(platform: Platform, account: str, status: int) -> None:
    body = {"account": account, "password": "password123", "confirm_password": "password123"}
    async with platform.client.post("/api/user/register", json=body) as response:
        assert response.status == status
        assert status == 200 or "account" in (await response.json())["detail"]


@pytest.mark.parametrize(
    ("query", "detail"),
    [
        ({}, "缺少参数 amount"),
        ({"amount": "0"}, "参数 amount 不能小于 1"),
        ({"amount": "ten"}, "参数 amount 必须是整数"),
        ({"amount": str(2**63)}, f"参数 amount 不能大于 {2**63 - 1}"),
        ({"amount": "1", "description": "长" * 201}, "参数 description 不能超过 200 个字符"),
    ],
)
async def test_query_parameters(platform: Platform, query: dict[str, str], detail: str) -> None:
    path = f"/api/user/admin/users/{platform.user.id}/credits/recharge"
    async with platform.client.post(path, params=query, headers=platform.bearer(platform.admin)) as response:
        assert (response.status, await response.json()) == (422, {"detail": detail})


async def test_path_parameters(platform: Platform) -> None:
    path = "/api/user/admin/users/everybody/credits/recharge?amount=1"
    async with platform.client.post(path, headers=platform.bearer(platform.admin)) as response:
        assert (response.status, await response.json()) == (422, {"detail": "参数 user_id 必须是整数"})


async def test_choices_are_listed(platform: Platform) -> None:
    async with platform.client.get("/api/tts/voices?type=singing") as response:
        assert (response.status, await response.json()) == (422, {"detail": "参数 type 只能是 preset、cloned、all"})


async def test_unknown_fields_are_ignored(platform: Platform) -> None:
    async with platform.client.post(
        SYNTHESIZE, json={**TEXT, "request_host": "evil.example"}, headers=platform.bearer()
    ) as response:
        assert response.status == 200


@pytest.mark.parametrize("chunked", [False, True], ids=["declared", "chunked"])
async def test_a_body_over_the_limit(platform: Platform, chunked: bool) -> None:
    body = b'{"text": "' + b"a" * (1024 * 1024) + b'"}'

    async def pieces() -> object:
        for start in range(0, len(body), 65536):
            yield body[start : start + 65536]

    async with platform.client.post(
        SYNTHESIZE, data=pieces() if chunked else body, headers=platform.bearer()
    ) as response:
        assert (response.status, await response.json()) == (413, {"detail": "请求体过大，上限为 1 MB"})


@pytest.mark.parametrize(
    ("method", "path", "status", "body"),
    [
        ("GET", "/nothing", 404, {"detail": "接口不存在"}),
        ("GET", "/api/user/nothing", 404, {"detail": "接口不存在"}),
        ("GET", "/api/filesystem/avatar", 404, {"detail": "接口不存在"}),
        ("DELETE", "/api/user/login", 405, {"detail": "不支持的请求方法"}),
        ("GET", "/api/auth/nothing", 404, {"code": 404, "message": "接口不存在", "data": None}),
        ("POST", "/api/voices", 404, {"code": 404, "message": "接口不存在", "data": None}),
        ("POST", "/api/files/avatar/a/b", 404, {"code": 404, "message": "接口不存在", "data": None}),
    ],
)
async def test_unrouted(platform: Platform, method: str, path: str, status: int, body: dict[str, object]) -> None:
    async with platform.client.request(method, path) as response:
        assert (response.status, await response.json()) == (status, body)


async def test_a_wrong_method_names_the_right_one(platform: Platform) -> None:
    async with platform.client.get(LOGIN) as response:
        assert (response.status, response.headers["Allow"]) == (405, "POST")


@pytest.mark.parametrize("path", ["/", "/api/system", "/api/system/", "/api/tts/voices/"])
async def test_paths_with_and_without_slash(platform: Platform, path: str) -> None:
    async with platform.client.get(path) as response:
        assert response.status == 200
    async with platform.client.head(path) as response:
        assert (response.status, await response.read()) == (200, b"")


@pytest.mark.parametrize("sent", ["", "with space", "x" * 129, "id\tid"])
async def test_an_insane_request_id_is_replaced(platform: Platform, sent: str) -> None:
    async with platform.client.get("/", headers={"X-Request-Id": sent}) as response:
        assert len(response.headers["X-Request-Id"]) == 32
        assert response.headers["X-Request-Id"] != sent


async def test_request_ids_differ(platform: Platform) -> None:
    seen = set()
    for _ in range(3):
        async with platform.client.get("/nothing") as response:
            seen.add(response.headers["X-Request-Id"])
    assert len(seen) == 3


async def test_replies_say_nothing_of_the_software(platform: Platform) -> None:
    async with platform.client.get("/") as response:
        assert response.headers["Server"] == "voxreel"
        assert response.headers["Cache-Control"] == "no-store"
        assert await response.text() == '{"message":"服务正在运行"}'


async def test_a_number_is_no_boolean(platform: Platform) -> None:
    body = {"text": "你好", "stream": 0}
    async with platform.client.post("/api/llm/rewrite", json=body, headers=platform.bearer()) as response:
        assert (response.status, await response.json()) == (422, {"detail": "参数 stream 必须是布尔值"})


async def test_a_whole_number_may_have_a_point(platform: Platform) -> None:
    body = {**TEXT, "volume": 50.0}
    async with platform.client.post(SYNTHESIZE, json=body, headers=platform.bearer()) as response:
        assert response.status == 200


async def test_the_longest_query_of_an_endpoint_fits(platform: Platform) -> None:
    query = {"features": "𠮷" * 2000, "description": "𠮷" * 200}
    async with platform.client.get("/api/system", params=query) as response:
        assert response.status == 200
