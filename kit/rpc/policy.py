"""What the contract says about a method, read from its descriptor. Servers and clients build on the same rules."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

from google.protobuf import descriptor_pool
from google.protobuf.descriptor import MethodDescriptor
from google.protobuf.descriptor_pb2 import MethodOptions

from voxreel.common.v1 import method_policy_pb2 as policy

_NOT_IDEMPOTENT = MethodOptions.IdempotencyLevel.IDEMPOTENCY_UNKNOWN


@dataclass(frozen=True, slots=True)
class MethodRule:
    """The rule of one method. Access is unspecified for a method that declares none; servers refuse it."""

    path: str
    access: policy.Access.ValueType
    timeout_s: float
    is_coalesced: bool
    is_idempotent: bool
    is_retried: bool
    is_shared: bool


def _rule_of(path: str, method: MethodDescriptor) -> MethodRule:
    options: MethodOptions = method.GetOptions()
    declared = options.Extensions[policy.method_policy]
    is_idempotent = options.idempotency_level != _NOT_IDEMPOTENT
    return MethodRule(
        path=path,
        access=declared.access,
        timeout_s=declared.timeout_ms / 1000,
        is_coalesced=declared.is_coalesced,
        is_idempotent=is_idempotent,
        is_retried=is_idempotent and not declared.is_sent_once,
        is_shared=declared.is_shared,
    )


@cache
def rule_for(path: str) -> MethodRule:
    """The rule of "/package.Service/Method". Raises KeyError when the generated module was never imported."""
    service_name, method_name = path.removeprefix("/").split("/")
    service = descriptor_pool.Default().FindServiceByName(service_name)
    return _rule_of(path, service.methods_by_name[method_name])
