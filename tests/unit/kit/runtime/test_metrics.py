from __future__ import annotations

import asyncio

from prometheus_client.parser import text_string_to_metric_families

from kit.observability.metrics import LoopLag, Metrics
from tests.polling import eventually


def samples(metrics: Metrics) -> dict[tuple[str, tuple[tuple[str, str], ...]], float]:
    families = text_string_to_metric_families(metrics.render().decode())
    return {
        (sample.name, tuple(sorted(sample.labels.items()))): sample.value
        for family in families
        for sample in family.samples
    }


def test_calls_are_counted_and_timed_by_method_and_code() -> None:
    metrics = Metrics("billing")
    metrics.calls.observe("/a", "OK", 0.002)
    metrics.calls.observe("/a", "OK", 0.2)
    metrics.calls.observe("/a", "NOT_FOUND", 100.0)
    found = samples(metrics)
    ok = (("code", "OK"), ("method", "/a"))
    assert found[("voxreel_billing_calls_total", ok)] == 2
    assert found[("voxreel_billing_call_seconds_sum", ok)] == 0.202
    assert found[("voxreel_billing_call_seconds_count", ok)] == 2
    buckets = {
        dict(labels)["le"]: value
        for (name, labels), value in found.items()
        if name == "voxreel_billing_call_seconds_bucket" and ("code", "OK") in labels
    }
    assert (buckets["0.001"], buckets["0.0025"], buckets["0.1"], buckets["0.25"], buckets["+Inf"]) == (0, 1, 1, 2, 2)
    late = (("code", "NOT_FOUND"), ("le", "30.0"), ("method", "/a"))
    assert found[("voxreel_billing_call_seconds_bucket", late)] == 0


def test_gauges_are_read_when_asked_for() -> None:
    metrics = Metrics("speech")
    lag = 1.5
    tasks = {"queued": 3.0, "running": 1.0}
    metrics.gauge("outbox_lag_seconds", "Lag.", lambda: lag)
    metrics.gauges("tasks", "Tasks.", label="state", read=lambda: tasks)
    assert samples(metrics)[("voxreel_speech_outbox_lag_seconds", ())] == 1.5
    tasks["queued"] = 9.0
    assert samples(metrics)[("voxreel_speech_tasks", (("state", "queued"),))] == 9


def test_two_apps_in_one_process_have_metrics_of_their_own() -> None:
    first, second = Metrics("auth"), Metrics("auth")
    first.calls.observe("/a", "OK", 0.1)
    assert not [name for name, _ in samples(second) if "calls" in name]
    assert any(name.startswith("process_") for name, _ in samples(second))


def test_loop_lag_is_the_worst_and_the_median_of_the_recent() -> None:
    lag = LoopLag(window=3)
    assert (lag.worst_s(), lag.median_s()) == (0.0, 0.0)
    for seconds in (0.9, 0.1, -0.2, 0.05):
        lag.add(seconds)
    assert (lag.worst_s(), lag.median_s()) == (0.1, 0.05)


async def test_loop_lag_is_measured_until_stopped() -> None:
    lag, stop = LoopLag(), asyncio.Event()
    async with asyncio.TaskGroup() as group:
        group.create_task(lag.run(stop))
        await eventually(lambda: lag.worst_s() > 0)
        stop.set()
