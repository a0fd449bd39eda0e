from __future__ import annotations

import asyncio

from prometheus_client.parser import text_string_to_metric_families

from kit.observability.catalogue import (
    CONSUMER_EVENTS,
    CONSUMER_LAG,
    OUTBOX_LAG,
    RPC_CALLS,
    RPC_SECONDS,
    TASKS,
)
from kit.observability.instruments import SERIES_LIMIT, Definition, Kind
from kit.observability.metrics import CallMetrics, LoopLag, Metrics
from tests.polling import eventually


def samples(metrics: Metrics) -> dict[tuple[str, tuple[tuple[str, str], ...]], float]:
    families = text_string_to_metric_families(metrics.render().decode())
    return {
        (sample.name, tuple(sorted(sample.labels.items()))): sample.value
        for family in families
        for sample in family.samples
    }


def calls_of(metrics: Metrics) -> CallMetrics:
    return metrics.calls(RPC_CALLS, RPC_SECONDS)


def test_calls_are_counted_by_method_and_code_and_timed_by_method() -> None:
    metrics = Metrics("billing")
    calls = calls_of(metrics)
    calls.observe("/a", "OK", 0.002)
    calls.observe("/a", "OK", 0.2)
    calls.observe("/a", "NOT_FOUND", 100.0)
    found = samples(metrics)
    app, method = ("app", "billing"), ("method", "/a")
    assert found[("voxreel_rpc_calls_total", (app, ("code", "OK"), method))] == 2
    assert found[("voxreel_rpc_calls_total", (app, ("code", "NOT_FOUND"), method))] == 1
    assert found[("voxreel_rpc_call_seconds_sum", (app, method))] == 100.202
    assert found[("voxreel_rpc_call_seconds_count", (app, method))] == 3
    buckets = {
        dict(labels)["le"]: value
        for (name, labels), value in found.items()
        if name == "voxreel_rpc_call_seconds_bucket"
    }
    assert [buckets[bound] for bound in ("0.001", "0.0025", "0.1", "0.25", "30.0", "+Inf")] == [0, 1, 1, 2, 2, 3]


def test_readings_are_taken_when_asked_for() -> None:
    metrics = Metrics("speech")
    lag = 1.5
    tasks = {("TTS", "queued"): 3.0, ("TTS", "running"): 1.0}
    metrics.read(OUTBOX_LAG, lambda: lag)
    metrics.read_all(TASKS, lambda: tasks)
    assert samples(metrics)[("voxreel_outbox_lag_seconds", (("app", "speech"),))] == 1.5
    tasks[("TTS", "queued")] = 9.0
    labels = (("app", "speech"), ("kind", "TTS"), ("state", "queued"))
    assert samples(metrics)[("voxreel_tasks", labels)] == 9


def test_an_instrument_is_the_same_whoever_asks_for_it() -> None:
    metrics = Metrics("auth")
    for consumer in ("auth--a", "auth--b"):
        metrics.counter(CONSUMER_EVENTS).add(consumer, "applied", amount=2)
        metrics.gauge(CONSUMER_LAG).set(0.5, consumer)
    found = samples(metrics)
    for consumer in ("auth--a", "auth--b"):
        labels = (("app", "auth"), ("consumer", consumer))
        assert found[("voxreel_consumer_lag_seconds", labels)] == 0.5
        assert found[("voxreel_consumer_events_total", (*labels, ("outcome", "applied")))] == 2
    assert metrics.render().count(b"# TYPE voxreel_consumer_events_total counter") == 1


def test_what_has_no_labels_is_there_before_anything_happened() -> None:
    metrics = Metrics("billing")
    plain = Definition("voxreel_things_total", Kind.COUNTER, "Things.", "everywhere")
    timed = Definition("voxreel_thing_seconds", Kind.HISTOGRAM, "Time.", "everywhere", (), (1.0,))
    metrics.counter(plain)
    metrics.histogram(timed)
    found = samples(metrics)
    assert found[("voxreel_things_total", (("app", "billing"),))] == 0
    assert found[("voxreel_thing_seconds_count", (("app", "billing"),))] == 0


def test_the_number_of_series_is_bounded_whatever_is_counted() -> None:
    metrics = Metrics("edge")
    calls = calls_of(metrics)
    for number in range(SERIES_LIMIT + 500):
        calls.observe(f"/invented/{number}", "OK", 0.001)
    calls.observe("/invented/0", "OK", 0.001)
    lines = metrics.render().decode().splitlines()
    assert sum(line.startswith("voxreel_rpc_calls_total{") for line in lines) == SERIES_LIMIT + 1
    assert sum(line.startswith("voxreel_rpc_call_seconds_sum{") for line in lines) == SERIES_LIMIT + 1
    assert 'voxreel_rpc_calls_total{app="edge",code="other",method="other"} 500.0' in lines
    assert 'voxreel_rpc_call_seconds_count{app="edge",method="other"} 500.0' in lines
    assert 'voxreel_rpc_calls_total{app="edge",code="OK",method="/invented/0"} 2.0' in lines


def test_two_apps_in_one_process_have_metrics_of_their_own() -> None:
    first, second = Metrics("auth"), Metrics("billing")
    calls_of(first).observe("/a", "OK", 0.1)
    assert not [name for name, _ in samples(second) if "calls" in name]
    apps = {dict(labels)["app"] for name, labels in samples(second) if name.startswith("process_")}
    assert apps == {"billing"}


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
