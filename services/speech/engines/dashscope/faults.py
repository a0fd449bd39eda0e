"""What a failure means to the jobs of recognition, cloning and rewriting."""

from __future__ import annotations

from typing import NoReturn

from kit.dashscope.failures import Fault, failure_of
from kit.engines import EngineBroken, EngineGaveUp, InputRefused
from voxreel.common.v1 import error_reason_pb2 as reasons

_REFUSED = "内容未被模型服务接受，请修改后重试"
_UNUSABLE = "模型服务暂不可用，请联系管理员"


def raise_job_error(error: Exception, *, refused_zh: str = _REFUSED) -> NoReturn:
    """Raises what an engine raises for an error of the SDK: InputRefused (PROVIDER_REFUSED, with the given words),
    EngineGaveUp or EngineBroken."""
    failure = failure_of(error)
    match failure.fault:
        case Fault.ACCOUNT:
            raise EngineGaveUp(_UNUSABLE, failure.detail) from error
        case Fault.CONTENT | Fault.INPUT | Fault.VOICE:
            raise InputRefused(refused_zh, reasons.ERROR_REASON_PROVIDER_REFUSED) from error
        case Fault.BUSY | Fault.BROKEN:
            raise EngineBroken(failure.detail) from error
