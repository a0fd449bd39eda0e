"""The contract between the speech service and its synthesis engines."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol, Self

from services.speech.engines.errors import ProsodyOutOfRange, UnsupportedFormat

DEFAULT_VOLUME = 50
MAX_VOLUME = 100
MIN_RATE = 0.5
MAX_RATE = 2.0


class AudioFormat(StrEnum):
    """Containers an engine can deliver: RIFF/PCM16, MP3, bare little-endian PCM16, Opus in Ogg."""

    WAV = "wav"
    MP3 = "mp3"
    PCM = "pcm"
    OPUS = "opus"

    @classmethod
    def parse(cls, name: str) -> Self:
        """The format called `name`, in any case. Raises UnsupportedFormat."""
        try:
            return cls(name.strip().lower())
        except ValueError:
            raise UnsupportedFormat(name) from None


class Language(StrEnum):
    CHINESE = "zh"
    ENGLISH = "en"


class Gender(StrEnum):
    FEMALE = "female"
    MALE = "male"


class Quality(StrEnum):
    """`approximate`: the engine imitates the requested effect by signal processing or search."""

    NATIVE = "native"
    APPROXIMATE = "approximate"


@dataclass(frozen=True, slots=True)
class Voice:
    """A preset voice as clients see it. `language` is the one it was trained on; every voice speaks both."""

    voice_id: str
    display_name: str
    gender: Gender
    language: Language


@dataclass(frozen=True, slots=True)
class SynthesisRequest:
    """One utterance.

    volume: 0..100; 0 is silence, 50 (default) the engine's levelled loudness, 100 is +6 dB (limited at -1
    dBFS). speech_rate: 0.5..2.0, times faster; keeps the pitch. pitch_rate: 0.5..2.0, times higher; keeps the
    duration. content_id: goes into the AI-content label of the file; the engine draws one if None. Raises
    ProsodyOutOfRange for a value outside its range.
    """

    text: str
    voice: str
    audio_format: AudioFormat = AudioFormat.WAV
    volume: int = DEFAULT_VOLUME
    speech_rate: float = 1.0
    pitch_rate: float = 1.0
    content_id: str | None = None

    def __post_init__(self) -> None:
        _check_range("volume", self.volume, 0, MAX_VOLUME)
        _check_range("speech_rate", self.speech_rate, MIN_RATE, MAX_RATE)
        _check_range("pitch_rate", self.pitch_rate, MIN_RATE, MAX_RATE)


@dataclass(frozen=True, slots=True)
class SpokenSegment:
    """A sentence of the cleaned text and when it is heard, in milliseconds from the start of the audio.

    Sentences too long for one utterance come as several segments.
    """

    text: str
    start_ms: int
    end_ms: int


@dataclass(frozen=True, slots=True)
class SynthesizedAudio:
    """Finished media and the facts about it. `data` is the whole file; audio is mono at `sample_rate` Hz."""

    data: bytes
    audio_format: AudioFormat
    sample_rate: int
    duration_ms: int
    engine: str
    model: str
    quality: Quality
    segments: tuple[SpokenSegment, ...]


class SpeechSynthesizer(Protocol):
    """A text-to-speech engine the event loop can call."""

    @property
    def name(self) -> str: ...

    def voices(self) -> tuple[Voice, ...]: ...

    async def synthesize(self, request: SynthesisRequest, *, timeout_s: float) -> SynthesizedAudio:
        """Speaks `request` within `timeout_s`. Cancelling the caller stops the work.

        Raises UnknownVoice, TextTooLong, NothingToSpeak, EngineUnavailable, or EngineFailed (retryable).
        """
        ...

    async def aclose(self) -> None: ...


class BlockingSynthesizer(Protocol):
    """A CPU-bound engine as it lives inside a worker process: single-threaded, model in memory."""

    def synthesize(self, request: SynthesisRequest) -> SynthesizedAudio: ...


class SynthesizerFactory(Protocol):
    """Builds the engine inside a worker. Must be picklable: it travels to the process it runs in."""

    def __call__(self) -> BlockingSynthesizer: ...


def _check_range(field: str, value: float, minimum: float, maximum: float) -> None:
    if not minimum <= value <= maximum:  # also refuses NaN
        raise ProsodyOutOfRange(field, minimum, maximum)
