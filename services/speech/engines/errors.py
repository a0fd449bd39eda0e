"""What can go wrong when an engine is asked to speak.

Plain exceptions without any transport. Constructor arguments are positional and kept in `args`, so that an
error raised in a worker process arrives in the parent with its type and facts (exceptions are rebuilt from
`args`). `message_zh` may be shown to a client; `str(error)` is for the log.
"""

from typing import ClassVar


class SynthesisError(Exception):
    """Base of every error of this package. `retryable` tells whether the same request may succeed later."""

    retryable: ClassVar[bool] = False

    @property
    def message_zh(self) -> str:
        return "语音合成失败"


class UnknownVoice(SynthesisError):
    def __init__(self, voice: str) -> None:
        super().__init__(voice)
        self.voice = voice

    @property
    def message_zh(self) -> str:
        return f"音色不存在: {self.voice[:64]}"


class UnsupportedFormat(SynthesisError):
    def __init__(self, audio_format: str) -> None:
        super().__init__(audio_format)
        self.audio_format = audio_format

    @property
    def message_zh(self) -> str:
        return f"不支持的音频格式: {self.audio_format[:16]}"


class ProsodyOutOfRange(SynthesisError):
    def __init__(self, field: str, minimum: float, maximum: float) -> None:
        super().__init__(field, minimum, maximum)
        self.field = field
        self.minimum = minimum
        self.maximum = maximum

    @property
    def message_zh(self) -> str:
        return f"{self.field} 必须在 {self.minimum:g} 到 {self.maximum:g} 之间"


class TextTooLong(SynthesisError):
    def __init__(self, limit_chars: int, actual_chars: int) -> None:
        super().__init__(limit_chars, actual_chars)
        self.limit_chars = limit_chars
        self.actual_chars = actual_chars

    @property
    def message_zh(self) -> str:
        return f"文本过长: 最多 {self.limit_chars} 个字符, 实际 {self.actual_chars} 个"


class NothingToSpeak(SynthesisError):
    """The text holds nothing this engine can pronounce: punctuation, emoji or an unsupported script only."""

    @property
    def message_zh(self) -> str:
        return "文本中没有可朗读的内容"


class TextRefused(SynthesisError):
    """The provider does not take the text: its inspection or its rules."""

    @property
    def message_zh(self) -> str:
        return "文本未被语音服务接受，请修改后重试"


class UnknownEngine(SynthesisError):
    def __init__(self, engine: str) -> None:
        super().__init__(engine)
        self.engine = engine

    @property
    def message_zh(self) -> str:
        return f"语音引擎不存在: {self.engine[:32]}"


class EngineUnavailable(SynthesisError):
    """The engine cannot work as installed; `detail` says what is missing, for the operator."""

    def __init__(self, engine: str, detail: str) -> None:
        super().__init__(engine, detail)
        self.engine = engine
        self.detail = detail

    @property
    def message_zh(self) -> str:
        return "语音合成引擎不可用"


class EngineFailed(SynthesisError):
    """The engine broke on this job: a crashed or killed worker, an unexpected exception. Safe to try again."""

    retryable: ClassVar[bool] = True

    def __init__(self, engine: str, detail: str) -> None:
        super().__init__(engine, detail)
        self.engine = engine
        self.detail = detail

    @property
    def message_zh(self) -> str:
        return "语音合成失败, 请稍后重试"


class EngineTimedOut(EngineFailed):
    """The job did not end within its time limit and was stopped."""

    @property
    def message_zh(self) -> str:
        return "语音合成超时, 请稍后重试"


class EngineBusy(EngineFailed):
    """Too many jobs already wait for this engine."""

    @property
    def message_zh(self) -> str:
        return "语音合成任务过多, 请稍后重试"
