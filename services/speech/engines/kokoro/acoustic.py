"""The acoustic model: phoneme token ids and a voice pack in, waveform out."""

import json
from pathlib import Path

import numpy as np
import onnxruntime
from numpy.typing import NDArray

SAMPLE_RATE = 24_000
MAX_TOKENS = 510
_STYLE_WIDTH = 256


class AcousticModel:
    """One ONNX session. Not for concurrent use: memory grows with every call in flight."""

    def __init__(self, model_path: Path, vocabulary_path: Path, *, threads: int) -> None:
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        options.inter_op_num_threads = 1
        options.log_severity_level = 3
        self._session = onnxruntime.InferenceSession(str(model_path), options, providers=["CPUExecutionProvider"])
        self._vocabulary: dict[str, int] = json.loads(vocabulary_path.read_text(encoding="utf-8"))["vocab"]

    def known_phonemes(self, phonemes: str) -> str:
        """`phonemes` without the symbols the model has no token for. One symbol is one token."""
        return "".join(symbol for symbol in phonemes if symbol in self._vocabulary)

    def speak(self, phonemes: str, pack: NDArray[np.float32]) -> NDArray[np.float32]:
        """Mono float32 at SAMPLE_RATE; peaks may exceed 1. `phonemes` holds 1..MAX_TOKENS known symbols.

        The model's own speed input stays at 1: other values make it drop words.
        """
        count = len(phonemes)
        if not 0 < count <= MAX_TOKENS:
            raise ValueError(f"{count} phonemes, expected 1..{MAX_TOKENS}")
        tokens = [0, *(self._vocabulary[symbol] for symbol in phonemes), 0]
        outputs = self._session.run(
            None,
            {
                "tokens": np.array([tokens], dtype=np.int64),
                "style": pack[min(count, len(pack) - 1)][np.newaxis],
                "speed": np.ones(1, dtype=np.float32),
            },
        )
        return np.asarray(outputs[0], dtype=np.float32).ravel()


def load_pack(path: Path) -> NDArray[np.float32]:
    """A voice pack: one style vector for each utterance length in tokens, shape (510, 256)."""
    return pack_from(path.read_bytes())


def pack_from(data: bytes) -> NDArray[np.float32]:
    """The same from its bytes."""
    return np.frombuffer(data, dtype="<f4").reshape(-1, _STYLE_WIDTH)
