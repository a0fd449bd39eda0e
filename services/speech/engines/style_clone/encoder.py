"""Who speaks, as a vector: the GE2E speaker encoder of Resemblyzer, without PyTorch."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Self

import numpy as np
from numpy.typing import NDArray

from services.speech.dsp.silence import frame_rms
from services.speech.engines.style_clone.mel import SAMPLE_RATE, mel_frames

EMBEDDING_SIZE = 256
_LAYERS = 3
# The encoder hears stretches of 1.6 s; the voice is the mean of what it says of each.
_STRETCH_FRAMES = 160
_STEP_FRAMES = 80
_LEAST_LEVEL = 10 ** (-30 / 20)
_FRAME_S = 0.03
_SILENCE = 10 ** (-35 / 20)


@dataclass(frozen=True, slots=True)
class _Layer:
    """A long short-term memory; its gates in PyTorch's order: input, forget, cell, output."""

    input_weights: NDArray[np.float32]
    hidden_weights: NDArray[np.float32]
    bias: NDArray[np.float32]

    def run(self, sequences: NDArray[np.float32]) -> NDArray[np.float32]:
        """States after each step, shape (batch, steps, size)."""
        batch, steps, _ = sequences.shape
        size = self.hidden_weights.shape[1]
        given = sequences @ self.input_weights.T + self.bias
        states = np.empty((batch, steps, size), dtype=np.float32)
        state = np.zeros((batch, size), dtype=np.float32)
        cell = np.zeros_like(state)
        recurrent = np.ascontiguousarray(self.hidden_weights.T)
        for step in range(steps):
            gates = given[:, step] + state @ recurrent
            opened = _sigmoid(gates)
            take, keep, give = opened[:, :size], opened[:, size : 2 * size], opened[:, 3 * size :]
            cell = keep * cell + take * np.tanh(gates[:, 2 * size : 3 * size])
            state = give * np.tanh(cell)
            states[:, step] = state
        return states


class SpeakerEncoder:
    """Embeds voices. Vectors of one speaker have a cosine of about 0.75 to 0.95, those of two 0.3 to 0.7."""

    def __init__(self, layers: tuple[_Layer, ...], linear: NDArray[np.float32], bias: NDArray[np.float32]) -> None:
        self._layers = layers
        self._linear = linear
        self._bias = bias

    @classmethod
    def load(cls, weights: Path) -> Self:
        """From the file that `tools/speaker_encoder.py` writes."""
        with np.load(weights, allow_pickle=False) as stored:
            arrays = {name: stored[name].astype(np.float32) for name in stored.files}
        layers = (
            _Layer(arrays[f"input_{index}"], arrays[f"hidden_{index}"], arrays[f"bias_{index}"])
            for index in range(_LAYERS)
        )
        return cls(tuple(layers), arrays["linear"], arrays["linear_bias"])

    def embed(self, audio: NDArray[np.float32]) -> NDArray[np.float32]:
        """The voice in mono audio at 16 kHz, a vector of length 1. Silence counts for nothing."""
        frames = mel_frames(_raised(_spoken(audio)))
        sequences = _stretches(frames)
        for layer in self._layers:
            sequences = layer.run(sequences)
        voices = np.maximum(sequences[:, -1] @ self._linear.T + self._bias, 0.0)
        return _unit(_unit(voices).mean(axis=0))


def similarity(left: NDArray[np.float32], right: NDArray[np.float32]) -> float:
    """The cosine of two embeddings."""
    return float(left @ right)


def _spoken(audio: NDArray[np.float32]) -> NDArray[np.float32]:
    """Without frames far below the loudest; all of it where that would leave nothing."""
    length = round(SAMPLE_RATE * _FRAME_S)
    levels = frame_rms(audio, length)
    is_loud = np.repeat(levels > levels.max(initial=0.0) * _SILENCE, length)[: len(audio)]
    return audio[is_loud] if is_loud.any() else audio


def _raised(audio: NDArray[np.float32]) -> NDArray[np.float32]:
    """Quiet audio at -30 dBFS; louder audio as it is, as in training."""
    rms = float(np.sqrt(np.mean(np.square(audio, dtype=np.float64)))) if audio.size else 0.0
    return audio * np.float32(_LEAST_LEVEL / rms) if 0.0 < rms < _LEAST_LEVEL else audio


def _stretches(frames: NDArray[np.float32]) -> NDArray[np.float32]:
    padded = np.pad(frames, ((0, max(0, _STRETCH_FRAMES - len(frames))), (0, 0)))
    starts = range(0, len(padded) - _STRETCH_FRAMES + 1, _STEP_FRAMES)
    return np.stack([padded[start : start + _STRETCH_FRAMES] for start in starts])


def _sigmoid(values: NDArray[np.float32]) -> NDArray[np.float32]:
    # By tanh, which cannot overflow.
    return np.asarray(0.5 + 0.5 * np.tanh(0.5 * values), dtype=np.float32)


def _unit(vectors: NDArray[np.float32]) -> NDArray[np.float32]:
    lengths = np.linalg.norm(vectors, axis=-1, keepdims=True)
    return np.asarray(vectors / np.maximum(lengths, 1e-9), dtype=np.float32)
