"""The state of the platform, and what operators ask."""

from __future__ import annotations

import pytest

from kit.observability.health import Status
from tests.edge.golden import same_shape
from tests.edge.platform import Platform
from voxreel.engine.v1 import engine_service_pb2 as engines


async def test_the_full_page_is_as_documented(platform: Platform) -> None:
    async with platform.client.get("/api/system?include_resources=true&include_cache=true") as response:
        reply = await response.json()
    same_shape(reply, "GET", "/api/system")
    assert (reply["overall_status"], reply["services"]["database"]["status"]) == ("healthy", "connected")
    # Only speech has an engine here.
    assert reply["services"]["tts"]["status"] == "running"
    assert reply["services"]["video"]["status"] == "unavailable"
    assert "语音合成 (TTS)" in reply["features"]
    assert "语音克隆" not in reply["features"]
    assert reply["uptime"]["seconds"] >= 0
    assert reply["system_resources"]["total_memory"].endswith("GB")
    assert platform.app.config.data_dir.name not in str(reply)


async def test_engines_are_told_with_their_models_and_without_what_they_lack(platform: Platform) -> None:
    platform.speech_engines.engines[:] = [
        engines.Engine(
            name="whisper",
            capability="speech_recognition",
            is_available=True,
            is_selected=True,
            model="whisper-base-int8",
            model_sha256="d01c",
            quality=engines.QUALITY_NATIVE,
        ),
        engines.Engine(name="rules", capability="text_rewrite", unavailable_reason="package x is not installed"),
    ]
    async with platform.client.get("/api/system") as response:
        reply = await response.json()
    whisper, rules = reply["engines"]
    assert whisper == {
        "capability": "speech_recognition",
        "name": "whisper",
        "status": "available",
        "is_selected": True,
        "model": "whisper-base-int8",
        "model_sha256": "d01c",
        "quality": "native",
    }
    assert (rules["status"], rules["quality"]) == ("unavailable", "")
    assert "package x" not in str(reply)


async def test_the_plain_page_leaves_the_rest_out(platform: Platform) -> None:
    async with platform.client.get("/api/system") as response:
        reply = await response.json()
    assert "system_resources" not in reply
    assert "cache_config" not in reply


async def test_a_service_that_does_not_serve_is_told(platform: Platform) -> None:
    await platform.healths["files"].report(Status.NOT_SERVING)
    await platform.app.health.step()
    async with platform.client.get("/api/system") as response:
        reply = await response.json()
    assert (reply["overall_status"], reply["services"]["storage"]["status"]) == ("degraded", "unavailable")
    async with platform.client.get("/readyz") as response:
        ready = await response.json()
        assert (response.status, ready["status"]) == (200, "degraded"), "the other services' endpoints are served"
        assert ready["checks"]["files"] != "ok"


async def test_engines_nobody_answers_for_cannot_be_used(platform: Platform) -> None:
    await platform.servers["speech"].stop(0.0)
    async with platform.client.get("/api/system") as response:
        assert (await response.json())["services"]["tts"]["status"] == "unavailable"


async def test_draining_is_told_before_anything_ends(platform: Platform) -> None:
    await platform.app.health.drain()
    async with platform.client.get("/readyz") as response:
        assert (response.status, (await response.json())["is_draining"]) == (503, True)
    async with platform.client.get("/livez") as response:
        assert response.status == 200


async def test_metrics_count_by_route(platform: Platform) -> None:
    for path in ("/api/task/tts_1", "/api/task/tts_2", "/invented/1", "/invented/2"):
        async with platform.client.get(path) as response:
            assert response.status == 404
    async with platform.client.get("/metrics") as response:
        text = await response.text()
    assert 'voxreel_http_requests_total{app="edge",route="GET /api/task/{task_id}",status="404"} 2.0' in text
    assert 'voxreel_http_requests_total{app="edge",route="-",status="404"} 2.0' in text
    assert "invented" not in text


@pytest.mark.parametrize(
    ("path", "content_type"),
    [
        ("/docs", "text/html"),
        ("/docs/start.js", "text/javascript"),
        ("/docs/swagger-ui-bundle.js", "text/javascript"),
        ("/docs/swagger-ui.css", "text/css"),
        ("/docs/favicon-32x32.png", "image/png"),
        ("/openapi.json", "application/json"),
    ],
)
async def test_documentation(platform: Platform, path: str, content_type: str) -> None:
    async with platform.client.get(path) as response:
        body = await response.read()
    assert (response.status, response.content_type) == (200, content_type)
    assert body
    policy = response.headers["Content-Security-Policy"]
    assert "script-src 'self';" in policy
    assert b"https://" not in body or content_type != "text/html"


async def test_documentation_serves_its_own_files_only(platform: Platform) -> None:
    for name in ("LICENSE", "swagger-editor.js", "..%2f__init__.py"):
        async with platform.client.get(f"/docs/{name}") as response:
            assert response.status == 404


async def test_the_root_says_that_it_runs(platform: Platform) -> None:
    async with platform.client.get("/") as response:
        reply = await response.json()
    assert response.status == 200
    same_shape(reply, "GET", "/")
    assert reply["message"] == "服务正在运行"
