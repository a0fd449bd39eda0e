"""Metrics of one app in a registry of its own. All of them have the label `app`."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator, Mapping
from statistics import median
from typing import TypeVar

from prometheus_client import CollectorRegistry, ProcessCollector, generate_latest
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector

from kit.observability.instruments import Counter, Definition, Gauge, Histogram, Reading

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
APP_LABEL = "app"
InstrumentT = TypeVar("InstrumentT", Counter, Gauge, Histogram)
_LAG_PERIOD_S = 0.25


class CallMetrics:
    """Counts calls by what was called and how it ended, and times them by what was called."""

    def __init__(self, calls: Counter, seconds: Histogram) -> None:
        self._calls = calls
        self._seconds = seconds

    def observe(self, method: str, code: str, seconds: float) -> None:
        """One finished call. The sets of methods and codes must be bounded: never a client's text."""
        self._calls.add(method, code)
        self._seconds.observe(seconds, method)


class Metrics:
    """The registry of one app."""

    def __init__(self, app: str) -> None:
        self._app = app
        self._registry = CollectorRegistry(auto_describe=False)
        self._instruments: dict[str, Collector] = {}
        self._register(ProcessCollector(registry=None))

    def counter(self, definition: Definition) -> Counter:
        """The counter of this definition, the same one whenever it is asked for."""
        return self._instrument(Counter, definition)

    def gauge(self, definition: Definition) -> Gauge:
        """The gauge of this definition, the same one whenever it is asked for."""
        return self._instrument(Gauge, definition)

    def histogram(self, definition: Definition) -> Histogram:
        """The histogram of this definition, the same one whenever it is asked for."""
        return self._instrument(Histogram, definition)

    def calls(self, calls: Definition, seconds: Definition) -> CallMetrics:
        """Both of them over these definitions."""
        return CallMetrics(self.counter(calls), self.histogram(seconds))

    def read(self, definition: Definition, read: Callable[[], float]) -> None:
        """A value without labels, asked for at each scrape; `read` must answer at once and not raise."""
        self._register(Reading(definition, lambda: {(): read()}))

    def read_all(self, definition: Definition, read: Callable[[], Mapping[tuple[str, ...], float]]) -> None:
        """Values by their labels, in the order of the definition; `read` must answer at once and not raise."""
        self._register(Reading(definition, read))

    def render(self) -> bytes:
        """The exposition text; its type is `CONTENT_TYPE`."""
        return generate_latest(self._registry)

    def _instrument(self, kind: type[InstrumentT], definition: Definition) -> InstrumentT:
        found = self._instruments.get(definition.name)
        if found is None:
            found = self._instruments[definition.name] = kind(definition)
            self._register(found)
        assert isinstance(found, kind), f"{definition.name} is used in two ways"
        return found

    def _register(self, collector: Collector) -> None:
        self._registry.register(_OfApp(self._app, collector))


class _OfApp(Collector):
    """Another collector's samples with the label that tells the apps apart, however they are scraped."""

    def __init__(self, app: str, collector: Collector) -> None:
        self._app = app
        self._collector = collector

    def collect(self) -> Iterator[Metric]:
        for family in self._collector.collect():
            family.samples = [
                sample._replace(labels={APP_LABEL: self._app, **sample.labels}) for sample in family.samples
            ]
            yield family


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
