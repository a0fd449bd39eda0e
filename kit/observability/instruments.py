"""What a process counts and measures with. Names, labels and meanings are those of a Definition.

Counting costs well under a microsecond: the text of the metrics is only made when it is asked for. Belongs to the event
loop's thread.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector

SERIES_LIMIT = 2000
OVERFLOW = "other"
CALL_BUCKETS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)
TASK_BUCKETS = (0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 120.0, 300.0, 600.0, 1800.0, 3600.0)


class Kind(StrEnum):
    """What a metric is to Prometheus."""

    COUNTER = "counter"
    GAUGE = "gauge"
    HISTOGRAM = "histogram"


@dataclass(frozen=True, slots=True)
class Label:
    """A label and where its values come from: a set that no client can enlarge."""

    name: str
    values: str


@dataclass(frozen=True, slots=True)
class Definition:
    """A metric as it is exported and documented. `where` says which processes have it; `app`, the label that all have
    besides, is not among the labels. `buckets` are upper bounds, of a histogram only."""

    name: str
    kind: Kind
    meaning: str
    where: str
    labels: tuple[Label, ...] = ()
    buckets: tuple[float, ...] = ()

    @property
    def label_names(self) -> list[str]:
        return [label.name for label in self.labels]


class Counter(Collector):
    """Only goes up."""

    def __init__(self, definition: Definition) -> None:
        self._definition = definition
        self._values: dict[tuple[str, ...], float] = {} if definition.labels else {(): 0.0}

    def add(self, *labels: str, amount: float = 1.0) -> None:
        """Counts under values of the labels, in the order of the definition."""
        values = self._values
        if labels in values:
            values[labels] += amount
            return
        key = _admitted(labels, len(values))
        values[key] = values.get(key, 0.0) + amount

    def collect(self) -> Iterator[Metric]:
        family = CounterMetricFamily(
            self._definition.name, self._definition.meaning, labels=self._definition.label_names
        )
        for labels, value in self._values.items():
            family.add_metric(labels, value)
        yield family


class Gauge(Collector):
    """Goes up and down; tells what it was set to last."""

    def __init__(self, definition: Definition) -> None:
        self._definition = definition
        self._values: dict[tuple[str, ...], float] = {}

    def set(self, value: float, *labels: str) -> None:
        """The value under values of the labels, in the order of the definition."""
        self._values[labels if labels in self._values else _admitted(labels, len(self._values))] = value

    def collect(self) -> Iterator[Metric]:
        family = GaugeMetricFamily(self._definition.name, self._definition.meaning, labels=self._definition.label_names)
        for labels, value in self._values.items():
            family.add_metric(labels, value)
        yield family


class Histogram(Collector):
    """How values are distributed."""

    def __init__(self, definition: Definition) -> None:
        self._definition = definition
        self._bounds = definition.buckets
        self._series: dict[tuple[str, ...], _Series] = {}
        if not definition.labels:
            self._series[()] = _Series(len(self._bounds))

    def observe(self, value: float, *labels: str) -> None:
        """Adds a value under values of the labels, in the order of the definition."""
        series = self._series.get(labels)
        if series is None:
            key = _admitted(labels, len(self._series))
            series = self._series.setdefault(key, _Series(len(self._bounds)))
        series.counts[bisect_left(self._bounds, value)] += 1
        series.total += value

    def collect(self) -> Iterator[Metric]:
        family = HistogramMetricFamily(
            self._definition.name, self._definition.meaning, labels=self._definition.label_names
        )
        for labels, series in self._series.items():
            family.add_metric(labels, buckets=series.cumulative(self._bounds), sum_value=series.total)
        yield family


class Reading(Collector):
    """A gauge or counter whose values are asked for at the time of the scrape."""

    def __init__(self, definition: Definition, read: Callable[[], Mapping[tuple[str, ...], float]]) -> None:
        self._definition = definition
        self._read = read

    def collect(self) -> Iterator[Metric]:
        made = CounterMetricFamily if self._definition.kind is Kind.COUNTER else GaugeMetricFamily
        family = made(self._definition.name, self._definition.meaning, labels=self._definition.label_names)
        for labels, value in self._read().items():
            family.add_metric(labels, value)
        yield family


class _Series:
    __slots__ = ("counts", "total")

    def __init__(self, bounds: int) -> None:
        self.counts = [0] * (bounds + 1)
        self.total = 0.0

    def cumulative(self, bounds: tuple[float, ...]) -> list[tuple[str, float]]:
        running = 0
        buckets = []
        for bound, count in zip([*map(str, bounds), "+Inf"], self.counts, strict=True):
            running += count
            buckets.append((bound, float(running)))
        return buckets


def _admitted(labels: tuple[str, ...], known: int) -> tuple[str, ...]:
    """The labels, or those everything beyond the bound is counted under: a mistake must not fill the memory of the
    process, and of Prometheus."""
    return labels if known < SERIES_LIMIT else (OVERFLOW,) * len(labels)
