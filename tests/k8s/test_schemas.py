"""Everything that is rendered is valid, to the letter, in three releases of Kubernetes."""

from __future__ import annotations

import json
from functools import cache
from importlib.resources import files
from typing import Any

import jsonschema
import pytest
import yaml
from referencing import Registry, Resource

from tests.k8s.rendering import MANIFESTS, OVERLAYS, Manifest, name_of, rendered

RELEASES = ("1.35", "1.36", "1.37")


@cache
def _schemas(release: str) -> tuple[Any, Registry[Any]]:
    """The folder of a release's strict schemas, and the definitions they share, which are read once."""
    folder = files("kubernetes_validate") / "kubernetes-json-schema" / f"v{release}.0-local-strict"
    shared = Resource.from_contents(json.loads((folder / "_definitions.json").read_text()))
    return folder, shared @ Registry()


@cache
def _validator(release: str, kind: str, version: str) -> jsonschema.Draft202012Validator:
    folder, registry = _schemas(release)
    group, _, number = version.rpartition("/")
    name = f"{kind.lower()}-{group.partition('.')[0]}-{number}" if group else f"{kind.lower()}-{number}"
    schema = json.loads((folder / f"{name}.json").read_text())
    return jsonschema.Draft202012Validator(schema, registry=Resource.from_contents(schema) @ registry)


def problems(release: str, manifest: Manifest) -> list[str]:
    validator = _validator(release, manifest["kind"], manifest["apiVersion"])
    return [
        f"{name_of(manifest)}: {error.json_path} {error.message[:200]}" for error in validator.iter_errors(manifest)
    ]


@pytest.mark.parametrize("release", RELEASES)
@pytest.mark.parametrize("overlay", OVERLAYS)
def test_manifests_are_valid(overlay: str, release: str) -> None:
    manifests = [*rendered(overlay)]
    secrets = (MANIFESTS / "overlays" / overlay / "secrets.example.yaml").read_text(encoding="utf-8")
    manifests += yaml.safe_load_all(secrets)
    assert len(manifests) > 40
    assert [problem for each in manifests for problem in problems(release, each)] == []


def test_a_misspelt_field_is_seen() -> None:
    service = {"apiVersion": "v1", "kind": "Service", "metadata": {"name": "x"}, "spec": {"port": []}}
    assert problems(RELEASES[0], service)
