"""A render by VideoRetalk: ordered once, watched, brought home."""

from __future__ import annotations

import asyncio

import av
import pytest

from kit.content_label import METADATA_KEY
from kit.engines import EngineBroken, EngineFull, EngineGaveUp, InputRefused
from services.video.domain.provider_orders import OrderState
from services.video.engines.base import Admission, Quality
from tests.emulators.dashscope.faults import HttpFaults
from tests.polling import eventually
from tests.unit.video.dashscope.conftest import Studio, open_engine


async def test_a_render_is_ordered_and_brought_home(studio: Studio) -> None:
    assert await studio.engine.admit("task-1") is Admission.NEW
    request = studio.request()
    produced = await studio.engine.render(request, timeout_s=60, on_progress=lambda *now: studio.told.append(now))
    assert (produced.model, produced.quality) == ("videoretalk", Quality.NATIVE)
    assert produced.duration_ms == pytest.approx(2000, abs=60)
    order = next(each for each in studio.emulator.state.requests if each.get("model") == "videoretalk")
    assert order["parameters"] == {"video_extension": True}
    files = studio.emulator.state.files
    sent = {name: files[url.removeprefix("oss://")] for name, url in order["input"].items()}
    assert sent == {"video_url": b"video.mp4", "audio_url": b"audio.mp3", "ref_image_url": b"face.png"}
    with av.open(str(request.target)) as made:
        assert [stream.codec_context.name for stream in made.streams] == ["h264", "aac"]
        assert '"ProduceID":"task-1"' in made.metadata[METADATA_KEY]
    head = request.target.read_bytes()
    assert head.index(b"moov") < head.index(b"mdat"), "it plays while it loads"
    stages = list(dict.fromkeys(stage for stage, _ in studio.told))
    assert stages == ["uploading", "ordering", "provider_running", "downloading"]
    fractions = [fraction for _, fraction in studio.told]
    assert fractions == sorted(fractions)
    assert studio.orders.kept["task-1"].state is OrderState.ENDED


async def test_a_render_that_was_left_is_found_again(studio: Studio) -> None:
    """As by a process that was killed: the next one has nothing but what was written down."""
    studio.emulator.faults.http = HttpFaults(task_ends="PRE-PROCESSING")
    left = asyncio.create_task(studio.render())
    await eventually(lambda: ("provider_running", 0.15) in studio.told, within_s=60)
    left.cancel()
    with pytest.raises(asyncio.CancelledError):
        await left
    other = open_engine(studio.settings, studio.orders, studio.clock)
    assert await other.admit("task-1") is Admission.ORDERED
    studio.emulator.faults.http = HttpFaults(result_status=500)
    request = studio.request()
    for path in (request.video, request.audio):
        path.unlink()
    with pytest.raises(EngineBroken, match="not downloaded"):
        await other.render(request, timeout_s=60, on_progress=lambda *_: None)
    assert studio.emulator.state.counts["orders"] == 1
    await other.aclose()


async def test_who_leaves_while_the_order_is_placed_leaves_its_id_behind(studio: Studio) -> None:
    studio.emulator.faults.http = HttpFaults(order_waits=(answered := asyncio.Event()))
    left = asyncio.create_task(studio.render())
    await eventually(lambda: studio.emulator.state.counts["orders"] == 1, within_s=60)
    left.cancel()
    await asyncio.sleep(0)
    answered.set()
    with pytest.raises(asyncio.CancelledError):
        await left
    [provider_id] = studio.emulator.state.tasks
    order = studio.orders.kept["task-1"]
    assert (order.state, order.provider_id) == (OrderState.PLACED, provider_id)


async def test_an_attempt_that_died_while_it_placed_the_order_is_not_repeated(studio: Studio) -> None:
    await studio.orders.enter("task-1")
    await studio.orders.send("task-1")
    with pytest.raises(EngineGaveUp, match="未重复提交"):
        await studio.render()
    assert studio.emulator.state.counts["orders"] == 0


async def test_two_attempts_at_once_place_one_order(studio: Studio) -> None:
    studio.emulator.faults.http = HttpFaults(task_ends="FAILED")
    results = await asyncio.gather(*(studio.render() for _ in range(2)), return_exceptions=True)
    assert all(isinstance(result, InputRefused | EngineBroken) for result in results)
    assert studio.emulator.state.counts["orders"] == 1


async def test_others_wait_for_their_turn(studio: Studio) -> None:
    studio.emulator.faults.http = HttpFaults(task_ends="PRE-PROCESSING")
    first = asyncio.create_task(studio.render("task-1"))
    await eventually(lambda: studio.emulator.state.counts["orders"] == 1, within_s=60)
    with pytest.raises(EngineFull) as second:
        await studio.engine.admit("task-2")
    with pytest.raises(EngineFull) as third:
        await studio.engine.admit("task-3")
    assert (second.value.retry_after_s, third.value.retry_after_s) == (3.0, 6.0)
    studio.emulator.faults.http = HttpFaults(task_ends="FAILED")
    with pytest.raises(InputRefused):
        await first
    with pytest.raises(EngineFull):
        await studio.engine.admit("task-3")
    assert await studio.engine.admit("task-2") is Admission.NEW


@pytest.mark.parametrize(("ends", "is_done", "status"), [("PENDING", True, "CANCELED"), ("X", False, "X")])
async def test_an_unwanted_order_is_cancelled_unless_it_has_begun(
    studio: Studio, ends: str, is_done: bool, status: str
) -> None:
    studio.emulator.faults.http = HttpFaults(task_ends=ends)
    rendering = asyncio.create_task(studio.render())
    tasks = studio.emulator.state.tasks
    await eventually(lambda: any(task["task_status"] == ends for task in tasks.values()))
    rendering.cancel()
    await asyncio.gather(rendering, return_exceptions=True)
    [task] = tasks.values()
    assert await studio.engine.let_go(task["task_id"]) is is_done
    assert task["task_status"] == status
    assert await studio.engine.let_go("unknown")
