"""Metrics of one app in a registry of its own, named `voxreel_<service>_<noun>_<unit>`."""

from __future__ import annotations

import asyncio
from bisect import bisect_left
from collections.abc import Callable, Iterator, Mapping
from statistics import median

from prometheus_client import CollectorRegistry, ProcessCollector, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
_BUCKETS_S = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)
_LAG_PERIOD_S = 0.25


class CallMetrics(Collector):
    """Counts calls and their seconds by method and code.

    A call costs well under 2 µs here: the text of the metrics is only made when they are asked for.
    """

    def __init__(self, prefix: str) -> None:
        self._prefix = prefix
        self._calls: dict[tuple[str, str], _Series] = {}

    def observe(self, method: str, code: str, seconds: float) -> None:
        """One finished call. The sets of methods and codes must be bounded: never a client's text."""
        series = self._calls.get((method, code))
        if series is None:
            series = self._calls[(method, code)] = _Series()
        series.counts[bisect_left(_BUCKETS_S, seconds)] += 1
        series.seconds += seconds

    def collect(self) -> Iterator[Metric]:
        """The two metrics as prometheus wants them."""
        labels = ["method", "code"]
        calls = CounterMetricFamily(f"{self._prefix}_calls", "Finished calls.", labels=labels)
        seconds = HistogramMetricFamily(f"{self._prefix}_call_seconds", "Time a call took.", labels=labels)
        for key, series in self._calls.items():
            calls.add_metric(key, float(sum(series.counts)))
            seconds.add_metric(key, buckets=series.cumulative(), sum_value=series.seconds)
        yield calls
        yield seconds


class _Series:
    __slots__ = ("counts", "seconds")

    def __init__(self) -> None:
        self.counts = [0] * (len(_BUCKETS_S) + 1)
        self.seconds = 0.0

    def cumulative(self) -> list[tuple[str, float]]:
        bounds = [*(str(bound) for bound in _BUCKETS_S), "+Inf"]
        total = 0
        buckets = []
        for bound, count in zip(bounds, self.counts, strict=True):
            total += count
            buckets.append((bound, float(total)))
        return buckets


class _Reading(Collector):
    """A gauge whose value is asked for at the time of the scrape."""

    def __init__(self, name: str, help_text: str, label: str, read: Callable[[], Mapping[str, float]]) -> None:
        self._name = name
        self._help = help_text
        self._label = label
        self._read = read

    def collect(self) -> Iterator[Metric]:
        gauge = GaugeMetricFamily(self._name, self._help, labels=[self._label] if self._label else [])
        for label, value in self._read().items():
            gauge.add_metric([label] if self._label else [], value)
        yield gauge


class Metrics:
    """The registry of one app."""

    def __init__(self, service: str) -> None:
        self._prefix = f"voxreel_{service}"
        self._registry = CollectorRegistry(auto_describe=False)
        self._registry.register(ProcessCollector(registry=None))
        self.calls = CallMetrics(self._prefix)
        self._registry.register(self.calls)

    def gauge(self, noun_unit: str, help_text: str, read: Callable[[], float]) -> None:
        """A gauge `voxreel_<service>_<noun_unit>`; `read` must answer at once and not raise."""
        self._registry.register(_Reading(f"{self._prefix}_{noun_unit}", help_text, "", lambda: {"": read()}))

    def gauges(self, noun_unit: str, help_text: str, *, label: str, read: Callable[[], Mapping[str, float]]) -> None:
        """Gauges by one label, such as tasks by state; `read` must answer at once and not raise."""
        self._registry.register(_Reading(f"{self._prefix}_{noun_unit}", help_text, label, read))

    def render(self) -> bytes:
        """The exposition text; its type is `CONTENT_TYPE`."""
        return generate_latest(self._registry)


class LoopLag:
    """How late the event loop has run what was due in the last seconds."""

    def __init__(self, window: int = 40) -> None:
        self._window = window
        self._recent: list[float] = []

    def worst_s(self) -> float:
        """Seconds; the window covers about ten seconds."""
        return max(self._recent, default=0.0)

    def median_s(self) -> float:
        """The same of most of what runs in it."""
        return median(self._recent or (0.0,))

    def add(self, seconds: float) -> None:
        """One measurement."""
        self._recent.append(max(0.0, seconds))
        del self._recent[: -self._window]

    async def run(self, stop: asyncio.Event) -> None:
        """Measures until `stop` is set."""
        loop = asyncio.get_running_loop()
        while not stop.is_set():
            due = loop.time() + _LAG_PERIOD_S
            try:
                await asyncio.wait_for(stop.wait(), _LAG_PERIOD_S)
            except TimeoutError:
                self.add(loop.time() - due)
