"""The contracts between the speech service and its engines, one Protocol for each capability."""

from collections.abc import AsyncGenerator, Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Protocol, Self, TypeAlias

from services.speech.engines.errors import ProsodyOutOfRange, UnsupportedFormat

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

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
    """A preset voice as clients see it. `language` is the one it was trained on; every voice speaks both.

    `pitch_hz` is the median fundamental of its speech; None when it is not known.
    """

    voice_id: str
    display_name: str
    gender: Gender
    language: Language
    pitch_hz: float | None = None


@dataclass(frozen=True, slots=True)
class Manner:
    """How speech differs from a voice's plain reading; 1 and 0 change nothing.

    rate: times faster. pitch: times higher, with the timbre kept. pitch_range: times wider, in semitones around the
    voice's median pitch. energy_db: louder by so much. pauses: times longer.
    """

    rate: float = 1.0
    pitch: float = 1.0
    pitch_range: float = 1.0
    energy_db: float = 0.0
    pauses: float = 1.0


PLAIN = Manner()


@dataclass(frozen=True, slots=True)
class SynthesisRequest:
    """One utterance.

    volume: 0..100; 0 is silence, 50 (default) the engine's levelled loudness, 100 is +6 dB (limited at -1
    dBFS). speech_rate: 0.5..2.0, times faster; keeps the pitch. pitch_rate: 0.5..2.0, times higher; keeps the
    duration. manner comes on top of these, and together they stay within the same ranges. max_tokens: longest piece
    spoken in one breath, in tokens of the dubbing price; None leaves it to the engine. content_id: goes into the
    AI-content label of the file; the engine draws one if None. Raises ProsodyOutOfRange for a value outside its
    range.
    """

    text: str
    voice: str
    audio_format: AudioFormat = AudioFormat.WAV
    volume: float = DEFAULT_VOLUME
    speech_rate: float = 1.0
    pitch_rate: float = 1.0
    content_id: str | None = None
    manner: Manner = PLAIN
    max_tokens: int | None = None

    def __post_init__(self) -> None:
        _check_range("volume", self.volume, 0, MAX_VOLUME)
        _check_range("speech_rate", self.speech_rate, MIN_RATE, MAX_RATE)
        _check_range("pitch_rate", self.pitch_rate, MIN_RATE, MAX_RATE)


@dataclass(frozen=True, slots=True)
class SpokenWord:
    """A word of the cleaned text, or a figure in it, and when it is heard, in milliseconds from the start of the
    audio."""

    text: str
    start_ms: int
    end_ms: int


@dataclass(frozen=True, slots=True)
class SpokenSegment:
    """A sentence of the cleaned text and when it is heard, in milliseconds from the start of the audio.

    The pause behind a sentence belongs to it: the segments of an utterance cover it without gaps. Sentences too long
    for one utterance come as several segments. `words` is empty where the engine has no times of words.
    """

    text: str
    start_ms: int
    end_ms: int
    words: tuple[SpokenWord, ...] = ()


@dataclass(frozen=True, slots=True)
class PlacedWord:
    """A word as it is written, from sample `begin` up to `end` of what is spoken."""

    text: str
    begin: int
    end: int


@dataclass(frozen=True, slots=True)
class SpokenSentence:
    """One sentence as an engine speaks it: `samples` float32, mono, without silence around them, shape (n,), empty if
    nothing of it can be pronounced. `words` is empty where the engine does not know where they are."""

    samples: "NDArray[np.float32]"
    words: tuple[PlacedWord, ...] = ()


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


class SpokenText(Protocol):
    """A text on its way to audio, a sentence at a time. Made of the same request it is the same in every process."""

    @property
    def sentence_count(self) -> int:
        """At least 1."""
        ...

    def speak(self, index: int) -> SpokenSentence:
        """The sentence at the engine's rate."""
        ...

    def finish(self, spoken: Sequence[SpokenSentence]) -> SynthesizedAudio:
        """The finished file of all sentences in their order. Raises NothingToSpeak."""
        ...


class BlockingSynthesizer(Protocol):
    """A CPU-bound engine as it lives inside a worker process: single-threaded, model in memory."""

    def begin(self, request: SynthesisRequest) -> SpokenText:
        """Raises UnknownVoice, TextTooLong, NothingToSpeak, EngineFailed."""
        ...

    def synthesize(self, request: SynthesisRequest) -> SynthesizedAudio:
        """All of it at once. Raises as `begin`."""
        ...


class SynthesizerFactory(Protocol):
    """Builds the engine inside a worker. Must be picklable: it travels to the process it runs in."""

    def __call__(self) -> BlockingSynthesizer: ...


@dataclass(frozen=True, slots=True)
class RecognizedPart:
    """A word, or a sentence, and when it is heard, in milliseconds from the start of the media."""

    text: str
    begin_ms: int
    end_ms: int


@dataclass(frozen=True, slots=True)
class RecognizedSentence(RecognizedPart):
    """`words` is empty where the engine has no times of words."""

    words: tuple[RecognizedPart, ...] = ()


@dataclass(frozen=True, slots=True)
class Recognition:
    """What was said; no sentences if nobody speaks. `language` is its BCP 47 tag, `und` if there is none to tell;
    `duration_ms` is the length of the media."""

    sentences: tuple[RecognizedSentence, ...]
    language: str
    duration_ms: int
    model: str
    quality: Quality


OnProgress: TypeAlias = Callable[[float], None]
"""Told how far a job is, as a fraction of it, 0..1; returns at once."""


class SpeechRecognizer(Protocol):
    """A speech-to-text engine."""

    @property
    def name(self) -> str: ...

    async def recognize(self, media: Path, *, timeout_s: float, on_progress: OnProgress) -> Recognition:
        """Hears a file on this machine, audio or video with sound; may put others beside it. Cancelling the caller
        stops the work.

        Raises InputRefused (no sound in it, not decodable, too long), EngineGaveUp, or EngineBroken.
        """
        ...

    async def aclose(self) -> None: ...


@dataclass(frozen=True, slots=True)
class CloneRequest:
    """`sample` is an audio file on this machine; an empty or unknown `target_model` means the engine's default."""

    sample: Path
    prefix: str
    target_model: str


@dataclass(frozen=True, slots=True)
class VoiceClone:
    """A voice an engine has learnt. `engine_voice` is what it wants back to speak with it, opaque to everybody else;
    `pack` what has to be stored for that, None where the engine keeps it itself."""

    engine_voice: str
    target_model: str
    quality: Quality
    pack: bytes | None = None


class VoiceCloner(Protocol):
    """An engine that learns voices."""

    @property
    def name(self) -> str: ...

    async def clone(self, request: CloneRequest, *, timeout_s: float, on_progress: OnProgress) -> VoiceClone:
        """Learns the voice of a sample; may put files beside it. Cancelling the caller stops the work.

        Raises InputRefused, EngineGaveUp or EngineBroken.
        """
        ...

    async def aclose(self) -> None: ...


class RewriteMode(StrEnum):
    """`custom`: by the caller's instruction; `auto`: as the engine sees fit."""

    AUTO = "auto"
    CUSTOM = "custom"


@dataclass(frozen=True, slots=True)
class RewriteRequest:
    """`length_ratio`: 0.1..3.0, wanted length over given length. `must_keep`: tokens of the text that an earlier
    attempt has lost. The text is data: nothing in it tells an engine what to do."""

    text: str
    mode: RewriteMode
    instruction: str
    length_ratio: float
    must_keep: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class RewrittenText:
    """The new text and what it took, in tokens of the model. `warnings` are Chinese, for the client."""

    text: str
    model: str
    prompt_tokens: int
    completion_tokens: int
    quality: Quality
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class LanguageModel:
    """A model that a caller may read about; texts are Chinese."""

    model_id: str
    display_name: str
    description: str


class TextRewriter(Protocol):
    """An engine that writes texts anew."""

    @property
    def name(self) -> str: ...

    def models(self) -> tuple[LanguageModel, ...]: ...

    def rewrite(self, request: RewriteRequest, *, timeout_s: float) -> AsyncGenerator[str | RewrittenText, None]:
        """Writes the text anew: pieces of it as they come, then once the whole with its facts, which may differ from
        the pieces in white space at the ends.

        The engine writes no faster than it is read. Closing the generator, or cancelling who reads it, stops the work.
        Raises InputRefused, EngineGaveUp or EngineBroken.
        """
        ...

    async def aclose(self) -> None: ...


def within_rates(rate: float) -> float:
    """The nearest rate that engines take."""
    return min(max(rate, MIN_RATE), MAX_RATE)


def _check_range(field: str, value: float, minimum: float, maximum: float) -> None:
    if not minimum <= value <= maximum:  # also refuses NaN
        raise ProsodyOutOfRange(field, minimum, maximum)
