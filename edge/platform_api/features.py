"""What the platform dialect says of features that cost credits, beside their names and prices."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType


@dataclass(frozen=True, slots=True)
class FeatureFacts:
    """Texts are Chinese; `capability` is what an engine must be able to do."""

    description: str = ""
    endpoint: str = ""
    unit: str = "每次使用"
    category: str = "其他服务"
    capability: str = ""


_FEATURES: Mapping[str, FeatureFacts] = MappingProxyType(
    {
        "tts": FeatureFacts("将文本转换为语音", "POST /api/tts/synthesize", "每次合成", "语音服务", "speech_synthesis"),
        "voice_clone": FeatureFacts(
            "基于音频样本创建自定义音色", "POST /api/tts/voice/clone", "每次克隆", "语音服务", "voice_clone"
        ),
        "video_generate": FeatureFacts(
            "根据音频生成口型同步的视频", "POST /api/videoretalk/generate", "每次生成", "视频服务", "lip_sync"
        ),
        "chroma_key": FeatureFacts(
            "替换绿幕视频的背景", "POST /api/videoretalk/chroma-key", "每次替换", "视频服务", "chroma_key"
        ),
        "asr_recognize": FeatureFacts(
            "将语音识别为文本", "POST /api/process", "每次识别", "语音服务", "speech_recognition"
        ),
        "llm_rewrite": FeatureFacts("按要求仿写文本", "POST /api/llm/rewrite", "每次仿写", "文本服务", "text_rewrite"),
    }
)
# A feature of a newer billing service has a price before the edge has words for it.
_UNKNOWN = FeatureFacts()


def facts_of(feature_key: str) -> FeatureFacts:
    """What is known of a feature."""
    return _FEATURES.get(feature_key, _UNKNOWN)
