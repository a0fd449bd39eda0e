"""What a failed order means, and what its owner is told."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import NoReturn

from kit.dashscope.failures import Failure, Fault, failure_of_code
from kit.engines import EngineBroken, EngineGaveUp, InputRefused
from voxreel.common.v1 import error_reason_pb2 as reasons

_UNUSABLE = "口型合成服务暂不可用，请联系管理员"
_CONTENT = "内容未通过口型合成服务的审核，请更换后重试"
_REFUSED = "视频或音频未被口型合成服务接受，请更换后重试"
_WORDS: Mapping[str, str] = MappingProxyType(
    {
        "InvalidFile.Size": "文件超过口型合成服务的大小上限：视频 300 MB，音频 30 MB，参考图片 10 MB",
        "InvalidFile.Format": "口型合成服务不支持该文件的编码，视频请使用 H.264 或 H.265",
        "InvalidFile.Resolution": "视频画面的边长须在 640 至 2048 像素之间",
        "InvalidFile.FPS": "视频帧率须在 15 至 60 帧/秒之间",
        "InvalidFile.Duration": "视频和音频的时长须在 2 至 120 秒之间",
        "InvalidFile.ImageSize": "参考图片的边长不能超过 4096 像素，长宽比不能超过 2",
        "InvalidFile.Openerror": "口型合成服务无法打开文件，请重新编码后重试",
        "InvalidFile.Content": "视频中没有清晰可用的人脸，请更换视频",
        "InvalidFile.FaceNotMatch": "视频中没有与参考图片相符的人脸",
    }
)
# The provider could not read what lies in its own storage: nobody's fault here.
_OWN_TROUBLE = "InvalidURL"


def raise_order_failed(code: str, message: str) -> NoReturn:
    """Raises what an engine raises for an order that ended as FAILED: InputRefused (PROVIDER_REFUSED), EngineGaveUp,
    or EngineBroken when another order may do better."""
    if code.startswith(_OWN_TROUBLE):
        raise EngineBroken(f"order failed: {_OWN_TROUBLE}")
    raise_failure(failure_of_code(code, message), code=code)


def raise_failure(failure: Failure, *, code: str = "", cause: Exception | None = None) -> NoReturn:
    """Raises what an engine raises for a failure of the provider; `code` finds the words for a refusal."""
    match failure.fault:
        case Fault.ACCOUNT:
            raise EngineGaveUp(_UNUSABLE, failure.detail) from cause
        case Fault.CONTENT:
            raise InputRefused(_CONTENT, reasons.ERROR_REASON_PROVIDER_REFUSED) from cause
        case Fault.INPUT | Fault.VOICE:
            words = _WORDS.get(code, _REFUSED)
            raise InputRefused(words, reasons.ERROR_REASON_PROVIDER_REFUSED) from cause
        case Fault.BUSY | Fault.BROKEN:
            raise EngineBroken(failure.detail) from cause
