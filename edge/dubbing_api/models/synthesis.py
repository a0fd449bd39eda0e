"""Speech with emotions."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal, NotRequired

from pydantic import Field
from typing_extensions import TypedDict

from edge.endpoint import In
from edge.validation import FieldWords

# JSON has no other numbers, but strings and booleans would pass for some.
_Strength = Annotated[float, Field(strict=True, ge=0, le=1, allow_inf_nan=False)]
_MAX_ID = 2**31 - 1


class GenerateIn(In):
    words: ClassVar = {
        # The kind of each number is looked at here; how many there are is the service's to say, with the method.
        "emo_vec": FieldWords(wrong="emo_vec must be 8 numbers between 0 and 1"),
    }

    text_content: str = Field(min_length=1, max_length=500, description="要转换的文本内容")
    voice_template_id: int | None = Field(
        default=None, ge=1, le=_MAX_ID, description="公共音色模板ID，与自定义音色二选一"
    )
    custom_voice_id: int | None = Field(default=None, ge=1, le=2**63 - 1, description="自定义音色ID")
    emo_control_method: Literal[0, 1, 2, 3] = Field(
        default=0, description="情感控制方式：0 与音色一致，1 情感参考音频，2 情感向量，3 情感文本"
    )
    emo_audio: str | None = Field(default=None, max_length=256, description="情感参考音频标识符")
    emo_vec: list[_Strength] | None = Field(
        default=None, max_length=8, description="[喜, 怒, 哀, 惧, 厌恶, 低落, 惊喜, 平静]"
    )
    emo_text: str | None = Field(default=None, max_length=500, description="情感描述文本")
    emo_weight: float = Field(default=1.0, ge=0, le=1.6, description="情感权重，大于 1 与 1 效果相同")
    speed: float = Field(default=1.0, ge=0.5, le=2.0, description="语速")
    volume_scale: float = Field(default=1.0, ge=0.1, le=2.0, description="音量")
    max_text_tokens_per_sentence: int = Field(default=120, ge=20, le=200, description="分句最大Token数")


class WordOut(TypedDict):
    text: str
    start_ms: int
    end_ms: int


class SegmentOut(WordOut):
    words: NotRequired[list[WordOut]]


class GenerateOut(TypedDict):
    id: int
    audio_url: str
    file_size: int
    duration: float
    credits_used: int
    created_at: str
    quality: NotRequired[str]
    engine: NotRequired[str]
    emo_vec_used: NotRequired[list[float] | None]
    emo_weight_used: NotRequired[float]
    segments: NotRequired[list[SegmentOut]]


class DeliveryOut(TypedDict):
    median_hz: float
    range_semitones: float
    level_db: float
    syllables_per_s: float


class EmotionReferenceOut(TypedDict):
    emo_audio_identifier: str
    emo_audio: str
    file_size: int
    is_duplicate: bool
    md5: str
    delivery: NotRequired[DeliveryOut]
