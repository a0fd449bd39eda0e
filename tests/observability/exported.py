"""What running apps export, beside what docs/metrics.md says of it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field

import aiohttp
from prometheus_client.parser import text_string_to_metric_families

from cli.stack.names import APPS
from kit.observability.instruments import Definition, Kind
from kit.observability.metrics import APP_LABEL
from tools.metrics_doc import definitions

READERS = {"auth", "billing", "files"}
GROUPS = {
    "every process": set(APPS),
    "every process (Linux)": set(APPS),
    "services": set(APPS) - {"edge"},
    "services that read events, where they do background work": READERS,
    "auth, where it works": {"auth"},
    "speech, video": {"speech", "video"},
    "speech, video, where tasks are done": {"speech", "video"},
}


@dataclass
class Exported:
    """What the apps of an installation export: where each metric is, and the labels of its samples."""

    apps: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    labels: dict[str, set[frozenset[str]]] = field(default_factory=lambda: defaultdict(set))
    routes: set[str] = field(default_factory=set)

    def add(self, app: str, text: str) -> None:
        """What an app answered to a scrape."""
        for family in text_string_to_metric_families(text):
            name = family.name + ("_total" if family.type == "counter" else "")
            self.apps[name].add(app)
            for sample in family.samples:
                assert sample.labels[APP_LABEL] == app
                self.labels[sample.name].add(frozenset(sample.labels))
                self.routes |= {sample.labels["route"]} if "route" in sample.labels else set()


async def metrics_of(port: int) -> str:
    """The answer of an admin port to a scrape."""
    async with aiohttp.ClientSession() as session, session.get(f"http://127.0.0.1:{port}/metrics") as reply:
        assert reply.status == 200
        return await reply.text()


async def exported_by(ports: Mapping[str, int]) -> Exported:
    """What the apps export, by their admin ports."""
    found = Exported()
    for app, port in ports.items():
        found.add(app, await metrics_of(port))
    return found


def documented() -> dict[str, set[str]]:
    """Which apps export a metric, by its name, when each does its background work itself."""
    return {each.name: GROUPS.get(each.where, {each.where}) for each in definitions()}


def samples_of(definition: Definition) -> dict[str, set[str]]:
    """Names of the series of a metric, and their labels."""
    labels = {APP_LABEL, *definition.label_names}
    if definition.kind is not Kind.HISTOGRAM:
        return {definition.name: labels}
    name = definition.name
    return {f"{name}_bucket": {*labels, "le"}, f"{name}_sum": labels, f"{name}_count": labels}


SERIES = {series: labels for definition in definitions() for series, labels in samples_of(definition).items()}
OF_SERIES = {series: definition for definition in definitions() for series in samples_of(definition)}
