"""What operators look at asks for what processes really export: alerts, dashboard, the scaler, the runbook."""

from __future__ import annotations

import asyncio
import json
import re
import subprocess
from collections.abc import AsyncIterator, Mapping
from typing import Any

import pytest
import pytest_asyncio
import yaml

from cli.stack.names import APPS
from kit.observability.catalogue import DEAD_LETTERS
from kit.observability.instruments import Kind
from kit.observability.metrics import APP_LABEL
from tests.k8s.rendering import MANIFESTS, ROOT, container_of, kubectl, labels_of, of_kind, workloads
from tests.observability.exported import OF_SERIES, READERS, SERIES, Exported, documented, exported_by, metrics_of
from tests.observability.installation import installation
from tests.observability.promql import NotUnderstood, Selector, read
from tests.polling import eventually
from tests.stack.client import TTS_PRICE, client_of, paying_client
from tools.metrics_doc import definitions

pytestmark = [pytest.mark.timeout(600), pytest.mark.asyncio(loop_scope="module")]

OBSERVABILITY = MANIFESTS / "observability"
# What Prometheus adds to every series when it scrapes.
TARGET_LABELS = {"instance", "job", "namespace", "pod"}
# Labels with few values, each of which the definition names.
ENUMERATED = {"outcome", "cause", "state", "operation", "role"}


def alerts() -> dict[str, Mapping[str, Any]]:
    rules = yaml.safe_load((OBSERVABILITY / "alerts.yaml").read_text(encoding="utf-8"))
    return {rule["alert"]: rule for group in rules["spec"]["groups"] for rule in group["rules"]}


def panels() -> list[Mapping[str, Any]]:
    found: list[Mapping[str, Any]] = json.loads((OBSERVABILITY / "dashboard.json").read_text(encoding="utf-8"))[
        "panels"
    ]
    return found


def queries() -> dict[str, str]:
    """Every expression, by where it stands."""
    shown = {
        f"panel {panel['title']} {target['refId']}": target["expr"]
        for panel in panels()
        for target in panel.get("targets", ())
    }
    values = yaml.safe_load((MANIFESTS / "prometheus-adapter.yaml").read_text(encoding="utf-8"))
    scaled = {f"scaler {rule['name']['as']}": rule["metricsQuery"] for rule in values["rules"]["external"]}
    return {**{name: rule["expr"] for name, rule in alerts().items()}, **shown, **scaled}


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def exported(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Exported]:
    """After a task was done, so that most metrics have series."""
    async with installation(tmp_path_factory.mktemp("observed")) as installed:
        async with paying_client(installed, 100) as user, client_of(installed) as stranger:
            task_id = await user.synthesize("你好", key="k-1")
            assert await user.wait_ended([task_id]) == {task_id: "completed"}
            await user.wait_settled(available=100 - TTS_PRICE)
            for number in range(20):
                assert (await stranger.call("GET", f"/invented/{number}")).status == 404
                assert (await stranger.call("GET", f"/api/task/invented_{number}")).status == 404

        async def are_backlogs_known() -> bool:
            return all([DEAD_LETTERS.name + "{" in await metrics_of(ports[app]) for app in READERS])

        ports = {name: app.admin_port for name, app in installed.apps.items()}
        await eventually(are_backlogs_known, within_s=60)
        found = await exported_by(ports)
    yield found


async def test_processes_export_what_is_documented_and_where(exported: Exported) -> None:
    assert dict(exported.apps) == documented()


async def test_series_have_the_labels_that_are_documented(exported: Exported) -> None:
    for series, labels in exported.labels.items():
        assert labels == {frozenset(SERIES[series])}, series
    silent = {name for name in SERIES if name not in exported.labels}
    # Nothing of the kind has happened here.
    assert {OF_SERIES[name].name for name in silent} == {
        "voxreel_engine_failures_total",
        "voxreel_webhook_attempts_total",
    }


async def test_what_clients_make_up_makes_no_series(exported: Exported) -> None:
    assert "-" in exported.routes and "GET /api/task/{task_id}" in exported.routes
    assert not [route for route in exported.routes if "invented" in route]


@pytest.mark.parametrize("place", queries())
async def test_a_query_asks_for_what_there_is(place: str) -> None:
    asked = read(queries()[place])
    assert asked
    for selector in asked:
        labels = SERIES.get(selector.metric)
        assert labels is not None, f"{selector.metric} is exported by nobody"
        for label, _, _ in selector.matchers:
            assert label in labels, f"{selector.metric} has no label {label}"
        for label in selector.grouping:
            assert label in labels | TARGET_LABELS, f"{selector.metric} has no label {label}"
        assert selector.has_range == _wants_range(queries()[place], selector)
        _check_values(selector)


def _wants_range(expression: str, selector: Selector) -> bool:
    before = re.escape(selector.metric)
    return re.search(rf"\b(rate|increase|changes)\({before}\b", expression) is not None


def _check_values(selector: Selector) -> None:
    definition = OF_SERIES[selector.metric]
    for label, operator, value in selector.matchers:
        named = {each.name: set(re.findall(r"`([^`]+)`", each.values)) for each in definition.labels}
        if label in ENUMERATED:
            assert set(value.split("|")) <= named[label], f"{selector.metric} has no {label} {value}"
        if label == APP_LABEL and value:
            assert set(value.split("|")) <= set(APPS)
        if operator in ("=~", "!~"):
            re.compile(value)


async def test_counters_are_not_read_as_they_are() -> None:
    for place, expression in queries().items():
        for selector in read(expression):
            is_counted = OF_SERIES[selector.metric].kind is not Kind.GAUGE
            assert not is_counted or selector.has_range, f"{place} reads a counter that begins anew with each process"


@pytest.mark.parametrize(
    "broken",
    [
        "sum(rate(voxreel_x_total[5m])",
        "voxreel_x{app=auth}",
        "summ(voxreel_x)",
        "voxreel_x > 1 §",
        "rate(voxreel_x_total[five minutes])",
        '{app="auth"}',
    ],
)
async def test_what_is_no_query_is_noticed(broken: str) -> None:
    with pytest.raises(NotUnderstood):
        read(broken)


async def test_selectors_are_read_with_all_they_ask_for() -> None:
    asked = read('sum by (app, instance) (rate(voxreel_a_total{app=~"auth|edge", code!="OK"}[5m])) / voxreel_b > 0.5')
    matchers = [("app", "=~", "auth|edge"), ("code", "!=", "OK")]
    assert asked == [
        Selector("voxreel_a_total", matchers, True, frozenset({"app", "instance"})),
        Selector("voxreel_b", [], False),
    ]


async def test_every_alert_says_how_bad_it_is_and_has_its_place_in_the_runbook() -> None:
    headings = re.findall(r"^### (Voxreel\w+)$", (ROOT / "docs/runbook.md").read_text(encoding="utf-8"), re.MULTILINE)
    assert sorted(headings) == sorted(alerts())
    for name, rule in alerts().items():
        assert rule["labels"]["severity"] in ("critical", "warning", "info")
        assert rule["annotations"]["runbook"] == f"docs/runbook.md#{name.lower()}"
        told = set(re.findall(r"\$labels\.(\w+)", rule["annotations"]["summary"]))
        # What an alert's text names must be a label of its result.
        assert told <= _result_labels(rule["expr"]), name


def _result_labels(expression: str) -> set[str]:
    """Labels of what an expression answers: those it is grouped by, or all where nothing is aggregated."""
    if expression.startswith(("absent(", "changes(")):
        return {APP_LABEL, "role", "instance"}
    return set().union(*(selector.grouping for selector in read(expression)))


async def test_panels_are_told_apart_and_do_not_overlap() -> None:
    assert len({panel["id"] for panel in panels()}) == len(panels())
    cells = [
        (x, y)
        for panel in panels()
        for x in range(panel["gridPos"]["x"], panel["gridPos"]["x"] + panel["gridPos"]["w"])
        for y in range(panel["gridPos"]["y"], panel["gridPos"]["y"] + panel["gridPos"]["h"])
    ]
    assert len(cells) == len(set(cells)) and max(x for x, _ in cells) < 24


async def test_every_metric_of_ours_is_on_the_dashboard() -> None:
    shown = {
        OF_SERIES[selector.metric].name
        for panel in panels()
        for target in panel.get("targets", ())
        for selector in read(target["expr"])
    }
    assert {each.name for each in definitions() if each.name.startswith("voxreel_")} <= shown


async def test_the_folder_renders_and_watches_the_pods_that_have_metrics() -> None:
    command = [kubectl(), "kustomize", str(OBSERVABILITY)]
    result = await asyncio.to_thread(subprocess.run, command, capture_output=True, text=True, timeout=60)
    assert result.returncode == 0 and not result.stderr, result.stderr
    rendered = {each["kind"]: each for each in yaml.safe_load_all(result.stdout)}
    assert set(rendered) == {"PodMonitor", "PrometheusRule", "ConfigMap"}
    assert json.loads(rendered["ConfigMap"]["data"]["voxreel.json"])["title"] == "Voxreel"
    spec = rendered["PodMonitor"]["spec"]
    (chosen,) = spec["selector"]["matchExpressions"]
    (endpoint,) = spec["podMetricsEndpoints"]
    for pod in workloads("prod"):
        labels = labels_of(pod)
        is_chosen = labels.get(chosen["key"]) in chosen["values"]
        assert is_chosen == (pod["kind"] == "Deployment")
        if is_chosen:
            assert spec["selector"]["matchLabels"].items() <= labels.items()
            assert endpoint["port"] in {port["name"] for port in container_of(pod)["ports"]}
    assert {each["metadata"]["namespace"] for each in rendered.values()} == {
        each["metadata"]["namespace"] for each in of_kind("prod", "Deployment")
    }
