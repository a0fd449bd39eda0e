"""Every method of every proto says who may call it, how long it may take, and with which reasons it fails."""

from __future__ import annotations

import importlib
import re
from pathlib import Path

import pytest
from google.protobuf.descriptor import MethodDescriptor

from kit.errors import KIND_OF_CODE, DomainError, reason_name, reason_named
from kit.rpc.policy import rule_for
from voxreel.common.v1 import error_reason_pb2 as reasons
from voxreel.common.v1 import method_policy_pb2 as policy

ROOT = Path(__file__).resolve().parents[2]
PROTOS = sorted((ROOT / "protos").rglob("*.proto"))
RPC = re.compile(r"((?:  //[^\n]*\n)+)  rpc (\w+)\(")


def methods() -> list[MethodDescriptor]:
    found: list[MethodDescriptor] = []
    for path in PROTOS:
        module = str(path.relative_to(ROOT / "protos").with_suffix("")).replace("/", ".") + "_pb2"
        file = importlib.import_module(module).DESCRIPTOR
        for service in file.services_by_name.values():
            found.extend(service.methods)
    return found


METHODS = {f"/{method.containing_service.full_name}/{method.name}": method for method in methods()}


def comments() -> dict[str, str]:
    found: dict[str, str] = {}
    for path in PROTOS:
        text = path.read_text()
        service = re.search(r"^service (\w+) \{", text, re.MULTILINE)
        package = re.search(r"^package ([\w.]+);", text, re.MULTILINE)
        assert package
        for comment, name in RPC.findall(text):
            assert service
            found[f"/{package[1]}.{service[1]}/{name}"] = comment
    return found


COMMENTS = comments()


def test_every_method_has_a_comment() -> None:
    assert COMMENTS.keys() == METHODS.keys()


@pytest.mark.parametrize("path", METHODS)
def test_every_method_declares_its_policy(path: str) -> None:
    rule = rule_for(path)
    assert rule.access != policy.ACCESS_UNSPECIFIED
    assert 0.1 <= rule.timeout_s <= 120
    method = METHODS[path]
    is_streaming = method.client_streaming or method.server_streaming
    assert not (rule.is_coalesced and is_streaming), "only unary calls can share a batch"
    if rule.is_coalesced:
        assert rule.timeout_s <= 5, "a batch waits for its slowest call"
    if rule.is_shared:
        assert rule.is_coalesced and rule.is_idempotent
        assert rule.access == policy.ACCESS_PUBLIC, "what is for everybody is for anybody"
        assert not method.input_type.fields, "one answer for all needs no question"


@pytest.mark.parametrize("path", METHODS)
def test_every_comment_states_access_idempotency_and_errors(path: str) -> None:
    comment = COMMENTS[path]
    access = policy.Access.Name(rule_for(path).access).removeprefix("ACCESS_").lower()
    assert f"Access: {access}" in comment
    assert "Idempotent: " in comment
    assert "Errors: " in comment
    if not path.endswith("BatchService/Do"):
        assert ("Idempotent: yes" in comment) == rule_for(path).is_idempotent
    named = set(re.findall(r"\b[A-Z]+(?:_[A-Z]+)+\b", comment.split("Errors:")[1]))
    known = {reason_name(value) for value in reasons.ErrorReason.values()}
    assert named <= known, f"unknown reasons: {named - known}"


def test_reasons_travel_by_name() -> None:
    for value in reasons.ErrorReason.values():
        assert reason_named(reason_name(value)) == value
    assert reason_named("FROM_A_NEWER_PEER") == reasons.ERROR_REASON_UNSPECIFIED


def test_every_kind_of_error_has_a_code_of_its_own() -> None:
    assert all(kind.grpc_code == code for code, kind in KIND_OF_CODE.items())
    assert set(KIND_OF_CODE.values()) <= set(DomainError.__subclasses__())
