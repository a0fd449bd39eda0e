"""The acoustic model: phoneme token ids and a voice pack in, waveform out, and when each phoneme is heard."""

import json
from collections.abc import Container
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import onnxruntime
from numpy.typing import NDArray

SAMPLE_RATE = 24_000
MAX_TOKENS = 510
_STYLE_WIDTH = 256

_AUDIO = "audio"
# How many frames the model gives each token. The graph computes it and keeps it to itself.
_DURATIONS = "/encoder/Clip_output_0"
_SAMPLES_PER_FRAME = 600


@dataclass(frozen=True, slots=True)
class Utterance:
    """`samples`: float32, mono at SAMPLE_RATE, peaks may exceed 1. `bounds`: where each phoneme begins, in samples, and
    where the last one ends; before and behind them is silence."""

    samples: NDArray[np.float32]
    bounds: tuple[int, ...]


class AcousticModel:
    """One ONNX session. Not for concurrent use: memory grows with every call in flight."""

    def __init__(self, model_path: Path, vocabulary_path: Path, *, threads: int) -> None:
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        options.inter_op_num_threads = 1
        options.log_severity_level = 3
        model = model_path.read_bytes() + _as_output(_DURATIONS)
        self._session = onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])
        self._vocabulary: dict[str, int] = json.loads(vocabulary_path.read_text(encoding="utf-8"))["vocab"]

    @property
    def symbols(self) -> Container[str]:
        """The phonemes the model has tokens for. One symbol is one token."""
        return self._vocabulary.keys()

    def speak(self, phonemes: str, pack: NDArray[np.float32]) -> Utterance:
        """`phonemes` holds 1..MAX_TOKENS known symbols.

        The model's own speed input stays at 1: other values make it drop words.
        """
        count = len(phonemes)
        if not 0 < count <= MAX_TOKENS:
            raise ValueError(f"{count} phonemes, expected 1..{MAX_TOKENS}")
        tokens = [0, *(self._vocabulary[symbol] for symbol in phonemes), 0]
        audio, durations = self._session.run(
            [_AUDIO, _DURATIONS],
            {
                "tokens": np.array([tokens], dtype=np.int64),
                "style": pack[min(count, len(pack) - 1)][np.newaxis],
                "speed": np.ones(1, dtype=np.float32),
            },
        )
        ends = np.cumsum(np.asarray(durations).ravel()) * _SAMPLES_PER_FRAME
        return Utterance(np.asarray(audio, dtype=np.float32).ravel(), tuple(int(end) for end in ends[:-1]))


def _as_output(tensor: str) -> bytes:
    """What makes a tensor of floats inside a graph one of its outputs, written behind the model's file: the parts of a
    Protocol Buffers message may come in pieces, which are merged."""
    name = tensor.encode()
    float_type = b"\x12\x04\x0a\x02\x08\x01"  # ValueInfoProto.type.tensor_type.elem_type = FLOAT
    value = b"\x0a" + bytes([len(name)]) + name + float_type  # ValueInfoProto.name
    output = b"\x62" + bytes([len(value)]) + value  # GraphProto.output
    return b"\x3a" + bytes([len(output)]) + output  # ModelProto.graph


def load_pack(path: Path) -> NDArray[np.float32]:
    """A voice pack: one style vector for each utterance length in tokens, shape (510, 256)."""
    return pack_from(path.read_bytes())


def pack_from(data: bytes) -> NDArray[np.float32]:
    """The same from its bytes."""
    return np.frombuffer(data, dtype="<f4").reshape(-1, _STYLE_WIDTH)


def reaching(pack: NDArray[np.float32], reach: float) -> NDArray[np.float32]:
    """The pack that speaks every utterance in the style of one `reach` times as long, or of the longest it knows."""
    rows = np.minimum((np.arange(len(pack)) * reach).astype(np.intp), len(pack) - 1)
    return pack[rows]
