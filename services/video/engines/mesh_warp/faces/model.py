"""A LiteRT model of one input."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from ai_edge_litert.interpreter import Interpreter
from numpy.typing import NDArray

Floats = NDArray[np.float32]


class LiteModel:
    """Runs on one thread. Not for concurrent use."""

    def __init__(self, path: Path) -> None:
        self._interpreter = Interpreter(model_path=str(path), num_threads=1)
        self._interpreter.allocate_tensors()
        self._input: int = self._interpreter.get_input_details()[0]["index"]
        outputs = self._interpreter.get_output_details()
        # By size: their names are those of layers and differ between releases of the same model.
        self._outputs: list[int] = [output["index"] for output in sorted(outputs, key=lambda o: -np.prod(o["shape"]))]

    def __call__(self, values: Floats) -> list[Floats]:
        """The outputs for one input without the batch's dimension, largest first."""
        self._interpreter.set_tensor(self._input, values[np.newaxis])
        self._interpreter.invoke()
        return [np.asarray(self._interpreter.get_tensor(index), dtype=np.float32) for index in self._outputs]


def sigmoid(values: Floats) -> Floats:
    return np.asarray(1.0 / (1.0 + np.exp(-np.clip(values, -80.0, 80.0))), dtype=np.float32)
