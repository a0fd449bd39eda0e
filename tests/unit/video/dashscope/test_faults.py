"""What can go wrong with an order: each fault has its meaning, its words, and costs no second order."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, replace

import pytest

from kit.engines import EngineBroken, EngineError, EngineGaveUp, InputRefused
from kit.errors import reason_name
from kit.net.fetcher import Fetcher
from services.video.domain.provider_orders import OrderState
from services.video.engines.dashscope.engine import DashScopeLipSyncer
from tests.emulators.dashscope.faults import HttpFaults
from tests.polling import eventually
from tests.unit.video.dashscope.conftest import Studio, open_engine


@dataclass(frozen=True)
class Expected:
    """What is raised; `state` is that of the order afterwards, None for a forgotten one."""

    kind: type[EngineError]
    words: str
    reason: str = ""
    state: OrderState | None = OrderState.ADMITTED
    orders: int = 0


_DOUBT = Expected(EngineGaveUp, "未重复提交", "PROVIDER_ORDER_IN_DOUBT", OrderState.SENT)
_DOUBT_PLACED = Expected(EngineGaveUp, "未重复提交", "PROVIDER_ORDER_IN_DOUBT", OrderState.SENT, orders=1)
_ADMIN = Expected(EngineGaveUp, "请联系管理员", "ENGINE_UNAVAILABLE")


def _refused(words: str) -> Expected:
    return Expected(InputRefused, words, "PROVIDER_REFUSED", OrderState.ENDED, orders=1)


def _lost(words: str) -> Expected:
    return Expected(EngineGaveUp, words, "PROVIDER_RESULT_LOST", OrderState.ENDED, orders=1)


CASES: dict[str, tuple[HttpFaults, Expected]] = {
    "wrong key": (HttpFaults(status=401, code="InvalidApiKey"), _ADMIN),
    "unpaid": (HttpFaults(order_status=400, order_code="Arrearage"), _ADMIN),
    "no right to the model": (HttpFaults(order_status=403, order_code="AccessDenied"), _ADMIN),
    "order refused": (
        HttpFaults(order_status=400, order_code="InvalidParameter"),
        Expected(InputRefused, "未被口型合成服务接受", "PROVIDER_REFUSED"),
    ),
    "storage refuses": (HttpFaults(upload_status=403), Expected(EngineBroken, "storage answered 403")),
    "uploads throttled": (HttpFaults(status=429, code="Throttling"), Expected(EngineBroken, "Throttling")),
    "reply lost": (HttpFaults(loses_order_reply=True), _DOUBT_PLACED),
    "order broke": (HttpFaults(order_status=500), _DOUBT),
    "no face": (
        HttpFaults(task_ends="FAILED", task_code="InvalidFile.Content"),
        _refused("视频中没有清晰可用的人脸"),
    ),
    "another face": (HttpFaults(task_ends="FAILED", task_code="InvalidFile.FaceNotMatch"), _refused("参考图片相符")),
    "resolution": (HttpFaults(task_ends="FAILED", task_code="InvalidFile.Resolution"), _refused("640 至 2048")),
    "indecent": (HttpFaults(task_ends="FAILED", task_code="DataInspectionFailed"), _refused("未通过")),
    "never heard of": (HttpFaults(task_ends="FAILED", task_code="InvalidFile.New"), _refused("未被口型合成服务接受")),
    "provider broke": (
        HttpFaults(task_ends="FAILED", task_code="InternalError.Algo"),
        Expected(EngineBroken, "InternalError.Algo", state=None, orders=1),
    ),
    "storage unreadable": (
        HttpFaults(task_ends="FAILED", task_code="InvalidURL.Timeout"),
        Expected(EngineBroken, "InvalidURL", state=None, orders=1),
    ),
    "cancelled there": (HttpFaults(task_ends="CANCELED"), _lost("被服务方取消")),
    "order lost": (HttpFaults(task_ends="UNKNOWN"), _lost("已失效")),
    "link dead": (HttpFaults(result_status=403), _lost("已失效")),
    "storage down": (
        HttpFaults(result_status=500),
        Expected(EngineBroken, "not downloaded", state=OrderState.ENDED, orders=1),
    ),
}


@pytest.mark.parametrize("name", CASES)
async def test_each_fault_has_its_meaning_and_its_words(studio: Studio, name: str) -> None:
    studio.emulator.faults.http, expected = CASES[name]
    with pytest.raises(expected.kind) as raised:
        await studio.render()
    error = raised.value
    assert expected.words in str(error.args)
    if isinstance(error, InputRefused | EngineGaveUp):
        assert reason_name(error.reason) == expected.reason
    assert "sk-" not in f"{error} {error.args}", "what the provider quotes goes nowhere"
    assert studio.state() is expected.state
    assert studio.emulator.state.counts["orders"] == expected.orders


async def test_a_reply_that_does_not_come_leaves_the_order_in_doubt(studio: Studio) -> None:
    studio.emulator.faults.http = HttpFaults(order_waits=asyncio.Event())
    engine = open_engine(replace(studio.settings, silence_s=2.0), studio.orders, studio.clock)
    await engine.admit("task-1")
    with pytest.raises(EngineGaveUp, match="未重复提交"):
        await engine.render(studio.request(), timeout_s=60, on_progress=lambda *_: None)
    assert studio.emulator.state.counts["orders"] == 1
    await engine.aclose()


async def test_an_order_that_is_turned_away_is_brought_again(studio: Studio) -> None:
    for status, code in ((429, "Throttling.RateQuota"), (503, "ServiceUnavailable")):
        studio.emulator.faults.http = HttpFaults(order_status=status, order_code=code)
        sent = len(studio.emulator.state.requests)
        rendering = asyncio.create_task(studio.render(str(status)))
        await eventually(lambda sent=sent: len(studio.emulator.state.requests) >= sent + 3, within_s=60)
        studio.emulator.faults.http = HttpFaults(task_ends="FAILED")
        with pytest.raises(InputRefused):
            await rendering
    assert studio.emulator.state.counts["orders"] == 2


async def test_a_provider_that_does_not_tell_is_asked_again(studio: Studio) -> None:
    studio.emulator.faults.http = HttpFaults(task_ends="PRE-PROCESSING")
    placing = asyncio.create_task(studio.render())
    await eventually(lambda: studio.state() is OrderState.PLACED, within_s=60)
    placing.cancel()
    await asyncio.gather(placing, return_exceptions=True)
    engine = open_engine(replace(studio.settings, silence_s=0.2), studio.orders, studio.clock)
    rendering = asyncio.create_task(engine.render(studio.request(), timeout_s=60, on_progress=lambda *_: None))
    for faults in (
        HttpFaults(status=429, code="Throttling"),
        HttpFaults(status=500),
        HttpFaults(is_html=True),
        HttpFaults(is_garbage=True),
        HttpFaults(resets=True),
        HttpFaults(delay_s=3600),
    ):
        asked = studio.emulator.state.counts["http"]
        studio.emulator.faults.http = faults
        await eventually(lambda asked=asked: studio.emulator.state.counts["http"] > asked + 2, within_s=60)
        assert not rendering.done()
    studio.emulator.faults.http = HttpFaults(task_ends="FAILED")
    with pytest.raises(InputRefused):
        await rendering
    assert studio.emulator.state.counts["orders"] == 1
    await engine.aclose()


async def test_an_order_that_takes_too_long_is_given_up(studio: Studio) -> None:
    studio.emulator.faults.http = HttpFaults(task_ends="PENDING")
    rendering = asyncio.create_task(studio.render(timeout_s=600))
    await eventually(lambda: ("provider_pending", 0.15) in studio.told)
    studio.clock.advance(601)
    with pytest.raises(EngineGaveUp, match="未在时限内") as raised:
        await rendering
    assert reason_name(raised.value.reason) == "PROVIDER_TIMED_OUT"


async def test_a_finished_order_is_not_too_late(studio: Studio) -> None:
    studio.emulator.faults.http = HttpFaults(result_status=500)
    for _ in range(2):
        with pytest.raises(EngineBroken, match="not downloaded"):
            await studio.render(timeout_s=600)
        studio.clock.advance(3600)
    assert studio.emulator.state.counts["orders"] == 1


async def test_a_result_that_is_no_video_is_not_kept(studio: Studio) -> None:
    for number, made in enumerate((b"", b"not a video" * 99, b"RIFF\0\0\0\0WAVE")):
        studio.emulator.state.files["result"] = made
        with pytest.raises(EngineBroken, match="not the video"):
            await studio.render(f"task-{number}")


async def test_a_result_elsewhere_than_in_the_public_web_is_not_fetched(studio: Studio) -> None:
    engine = DashScopeLipSyncer(studio.settings, studio.orders, web=Fetcher(), clock=studio.clock, producer="Test")
    await engine.admit("task-1")
    with pytest.raises(EngineGaveUp, match="已失效"):
        await engine.render(studio.request(), timeout_s=60, on_progress=lambda *_: None)
    await engine.aclose()
