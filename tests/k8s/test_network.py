"""Who may call whom is what the code calls, and no more."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Mapping
from typing import Any

import pytest

from edge.clients import EdgePeers
from kit.config import Peers
from tests.k8s.rendering import COMPONENT, NAME, OVERLAYS, ROOT, Manifest, container_of, labels_of, of_kind, workloads

SERVICES = ("auth", "billing", "files", "speech", "video")
MONITORING = {
    "namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "monitoring"}},
    # No matchLabels: the bases would put their own name into it.
    "podSelector": {"matchExpressions": [{"key": NAME, "operator": "In", "values": ["prometheus"]}]},
}


def code_of(app: str) -> str:
    folder = ROOT / ("edge" if app == "edge" else f"services/{app}")
    return "\n".join(path.read_text(encoding="utf-8") for path in sorted(folder.rglob("*.py")))


def called_by(app: str) -> set[str]:
    """The services whose addresses the code of an app reads from its settings."""
    if app == "edge":
        return {field.name for field in dataclasses.fields(EdgePeers)}
    return set(re.findall(r"config\.peers\.(\w+)", code_of(app)))


def policies_for(overlay: str, labels: Mapping[str, str]) -> list[Mapping[str, Any]]:
    """The specs of the policies that select a pod."""
    specs = [each["spec"] for each in of_kind(overlay, "NetworkPolicy")]
    return [spec for spec in specs if spec["podSelector"].get("matchLabels", {}).items() <= labels.items()]


def allowed(overlay: str, pod: Manifest) -> dict[str, list[Any]]:
    """Who may connect, by the name of the port; an empty list is everybody."""
    found: dict[str, list[Any]] = {}
    for spec in policies_for(overlay, labels_of(pod)):
        assert spec["policyTypes"] == ["Ingress"]
        for rule in spec.get("ingress", ()):
            for port in rule["ports"]:
                found.setdefault(port["port"], []).extend(rule.get("from", ()))
    return found


def names(sources: list[Any]) -> set[str]:
    """The apps that rules name."""
    (source,) = sources
    (expression,) = source["podSelector"]["matchExpressions"]
    assert (expression["key"], expression["operator"]) == (NAME, "In")
    return set(expression["values"])


def pods(overlay: str, component: str) -> dict[str, Manifest]:
    return {labels_of(each)[NAME]: each for each in workloads(overlay) if labels_of(each)[COMPONENT] == component}


def test_the_code_is_read_right() -> None:
    assert called_by("speech") == {"auth", "billing", "files"}
    assert called_by("auth") == set()
    assert called_by("edge") == set(SERVICES) == set(Peers.model_fields)


@pytest.mark.parametrize("overlay", OVERLAYS)
def test_a_service_is_reached_by_its_callers_only(overlay: str) -> None:
    callers = {service: {app for app in (*SERVICES, "edge") if service in called_by(app)} for service in SERVICES}
    serving = pods(overlay, "serve")
    for service in SERVICES:
        rules = allowed(overlay, serving[service])
        assert set(rules) == {"grpc", "admin"}
        assert names(rules["grpc"]) == callers[service]
        assert rules["admin"] == [MONITORING]


@pytest.mark.parametrize("overlay", OVERLAYS)
def test_the_edge_is_for_everybody_and_its_admin_port_is_not(overlay: str) -> None:
    assert allowed(overlay, pods(overlay, "serve")["edge"]) == {"http": [], "admin": [MONITORING]}


def test_nobody_calls_a_worker_or_a_migration() -> None:
    for component in ("worker", "migrate"):
        for pod in pods("prod", component).values():
            assert allowed("prod", pod) == {"admin": [MONITORING]}


@pytest.mark.parametrize("overlay", OVERLAYS)
def test_the_broker_is_reached_by_whoever_connects_to_it(overlay: str) -> None:
    users = {app for app in (*SERVICES, "edge") if re.search(r"open_bus\(|supply_verifier\(", code_of(app))}
    rules = allowed(overlay, pods(overlay, "broker")["nats"])
    assert names(rules["client"]) == users
    assert names(rules["cluster"]) == {"nats"}
    assert rules["admin"] == [MONITORING]


@pytest.mark.parametrize("overlay", OVERLAYS)
def test_what_no_policy_allows_is_refused(overlay: str) -> None:
    assert {"podSelector": {}, "policyTypes": ["Ingress"]} in policies_for(overlay, {})


@pytest.mark.parametrize("overlay", OVERLAYS)
def test_policies_name_ports_that_pods_have(overlay: str) -> None:
    for pod in workloads(overlay):
        if pod["kind"] != "Job":
            assert set(allowed(overlay, pod)) == {port["name"] for port in container_of(pod)["ports"]}


@pytest.mark.parametrize("overlay", OVERLAYS)
def test_the_addresses_of_the_settings_are_services_of_the_cluster(overlay: str) -> None:
    services = {each["metadata"]["name"]: each["spec"] for each in of_kind(overlay, "Service")}
    for name, field in Peers.model_fields.items():
        host, port = re.fullmatch(r"dns:///([a-z-]+):(\d+)", field.default).groups()
        assert services[host]["selector"] == {NAME: name, COMPONENT: "serve"}
        assert services[host]["clusterIP"] == "None", "callers spread their calls over the pods themselves"
        assert not services[host].get("publishNotReadyAddresses")
        assert [each["port"] for each in services[host]["ports"]] == [int(port)]
