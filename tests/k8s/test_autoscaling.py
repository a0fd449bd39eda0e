"""Workers are scaled by a number that the services really export, under the name that the scaler asks for."""

from __future__ import annotations

import yaml

from kit.observability.catalogue import TASKS
from tests.k8s.rendering import MANIFESTS, name_of, of_kind

SCALED = ("speech", "video")


def test_the_metrics_of_the_scalers_are_those_of_the_adapter_and_of_the_code() -> None:
    asked = {
        metric["external"]["metric"]["name"]
        for scaler in of_kind("prod", "HorizontalPodAutoscaler")
        for metric in scaler["spec"]["metrics"]
        if metric["type"] == "External"
    }
    values = yaml.safe_load((MANIFESTS / "prometheus-adapter.yaml").read_text(encoding="utf-8"))
    answered = {rule["name"]["as"]: rule for rule in values["rules"]["external"]}
    assert asked == set(answered) == {f"voxreel_{service}_unfinished_tasks" for service in SCALED}
    for service in SCALED:
        rule, series = answered[f"voxreel_{service}_unfinished_tasks"], f'{TASKS.name}{{app="{service}"}}'
        assert rule["seriesQuery"] == series
        assert rule["metricsQuery"] == f"sum(max by ({', '.join(TASKS.label_names)}) ({series}))"


def test_each_scaler_has_its_deployment() -> None:
    deployments = {name_of(each): each for each in of_kind("prod", "Deployment")}
    for scaler in of_kind("prod", "HorizontalPodAutoscaler"):
        target = scaler["spec"]["scaleTargetRef"]["name"]
        assert name_of(scaler) == target
        assert "replicas" not in deployments[target]["spec"], "an apply would undo what the scaler did"
        assert scaler["spec"]["minReplicas"] < scaler["spec"]["maxReplicas"]
