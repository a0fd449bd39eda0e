"""The environment of each container is one that its process starts with."""

from __future__ import annotations

from ipaddress import ip_address

import pytest

from edge.config import EdgeConfig
from kit.config import ProcessConfig, ServiceConfig, load
from services.auth.config import AuthConfig
from services.billing.config import BillingConfig
from services.files.config import FilesConfig
from services.speech.config import SpeechConfig
from services.video.config import VideoConfig
from tests.k8s.rendering import (
    COMPONENT,
    NAME,
    OVERLAYS,
    Manifest,
    container_of,
    environment_of,
    example_secrets,
    labels_of,
    name_of,
    pod_of,
    workloads,
)

CONFIGS: dict[str, type[ProcessConfig]] = {
    "auth": AuthConfig,
    "billing": BillingConfig,
    "edge": EdgeConfig,
    "files": FilesConfig,
    "speech": SpeechConfig,
    "video": VideoConfig,
}
PROCESSES = [
    pytest.param(overlay, workload, id=f"{overlay}-{name_of(workload)}")
    for overlay in OVERLAYS
    for workload in workloads(overlay)
    if name_of(workload) != "nats"
]


@pytest.fixture
def config(overlay: str, workload: Manifest, monkeypatch: pytest.MonkeyPatch) -> ProcessConfig:
    for name, value in environment_of(overlay, workload).items():
        monkeypatch.setenv(name, value)
    return load(CONFIGS[labels_of(workload)[NAME]])


@pytest.mark.parametrize(("overlay", "workload"), PROCESSES)
def test_settings_are_real_and_fit_the_pod(overlay: str, workload: Manifest, config: ProcessConfig) -> None:
    variables = environment_of(overlay, workload)
    assert all(name.startswith(config.env_prefix()) for name in variables), "a variable of another process"
    assert ip_address(config.host).is_unspecified
    assert ip_address(config.admin_host).is_unspecified
    container = container_of(workload)
    ports = {port["name"]: port["containerPort"] for port in container.get("ports", ())}
    assert ports.get("admin", config.admin_port) == config.admin_port
    assert ports.get("grpc", ports.get("http", config.port)) == config.port
    assert str(config.data_dir) in {mount["mountPath"] for mount in container["volumeMounts"]}
    grace_s = {"serve": 30.0, "worker": 60.0, "migrate": 30.0}[labels_of(workload)[COMPONENT]]
    assert config.grace_s == grace_s
    assert config.grace_s < pod_of(workload).get("terminationGracePeriodSeconds", 31)


@pytest.mark.parametrize(("overlay", "workload"), PROCESSES)
def test_work_and_migration_are_done_by_those_meant_for_it(
    overlay: str, workload: Manifest, config: ProcessConfig
) -> None:
    component = labels_of(workload)[COMPONENT]
    assert container_of(workload)["args"] == [component]
    if not isinstance(config, ServiceConfig):
        return
    assert config.auto_migrate is (overlay == "dev")
    if component == "serve":
        assert config.is_worker_on is (overlay == "dev")
    url = config.db.url.get_secret_value()
    assert url.startswith("sqlite:////var/lib/voxreel/" if overlay == "dev" else "postgresql+psycopg://")
    assert config.nats_replicas == (1 if overlay == "dev" else 3)


@pytest.mark.parametrize(("overlay", "workload"), PROCESSES)
def test_replicas_share_what_they_must(overlay: str, workload: Manifest, config: ProcessConfig) -> None:
    if overlay == "dev":
        (claim,) = [each for each in pod_of(workload)["volumes"] if "persistentVolumeClaim" in each]
        assert claim == {"name": "data", "persistentVolumeClaim": {"claimName": "data"}}
        return
    if isinstance(config, AuthConfig):
        assert config.signing_key.get_secret_value(), "each replica would sign with a key of its own"
    if isinstance(config, FilesConfig | EdgeConfig) and labels_of(workload)[COMPONENT] != "migrate":
        assert config.blobs_url.startswith("s3://")


@pytest.mark.parametrize("overlay", OVERLAYS)
def test_each_secret_is_used_and_each_service_sees_its_own(overlay: str) -> None:
    users: dict[str, set[str]] = {name: set() for name in example_secrets(overlay)}
    for workload in workloads(overlay):
        container = container_of(workload)
        names = {each["secretRef"]["name"] for each in container.get("envFrom", ()) if "secretRef" in each}
        names |= {
            each["valueFrom"]["secretKeyRef"]["name"]
            for each in container.get("env", ())
            if "secretKeyRef" in each["valueFrom"]
        }
        for name in names:
            users[name].add(labels_of(workload)[NAME])
    apps = set(CONFIGS)
    expected = {"voxreel-platform": apps, "voxreel-nats": {"nats"}, "voxreel-auth": {"auth"}}
    if overlay == "prod":
        expected |= {f"voxreel-{name}": {name} for name in apps - {"edge"}}
        expected["voxreel-blobs"] = {"edge", "files"}
    assert users == expected


def test_the_example_secrets_hold_no_secret() -> None:
    for overlay in OVERLAYS:
        for name, values in example_secrets(overlay).items():
            for key, value in values.items():
                is_plain = key in {"FIRST_ADMIN__ACCOUNT", "S3__REGION"}
                assert is_plain or "REPLACE" in value.upper(), f"{overlay} {name} {key}"
