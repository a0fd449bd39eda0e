"""Makes the speaker encoder's weights from the checkpoint that Resemblyzer ships.

    python -m tools.speaker_encoder <pretrained.pt> <out.npz>

The checkpoint is the one of the PyPI wheel `resemblyzer` 0.1.4, in PyTorch's format of before 1.6: pickles that
describe tensors, then their raw storages. It is read without PyTorch, by an unpickler that makes nothing but
descriptions. Kept is what the encoder needs to run, in half precision.
"""

from __future__ import annotations

import argparse
import hashlib
import math
import pickle
import struct
from collections import OrderedDict
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

_SHA256 = "39373b86598fa3da9fcddee6142382efe09777e8d37dc9c0561f41f0070f134e"
_LAYERS = 3
_HEADER_PICKLES = 3


@dataclass(frozen=True, slots=True)
class _Storage:
    key: str


@dataclass(frozen=True, slots=True)
class _Tensor:
    storage: _Storage
    offset: int
    shape: tuple[int, ...]


class _Describing(pickle.Unpickler):
    """Knows the few names a checkpoint of tensors needs; every other name becomes a name that does nothing."""

    def persistent_load(self, pid: Any) -> _Storage:
        return _Storage(str(pid[2]))

    def find_class(self, module: str, name: str) -> Any:
        match module, name:
            case "torch._utils", "_rebuild_tensor_v2":
                return lambda storage, offset, shape, *_: _Tensor(storage, offset, tuple(shape))
            case "torch._utils", "_rebuild_parameter":
                return lambda data, *_: data
            case "collections", "OrderedDict":
                return OrderedDict
            case _:
                return lambda *_: None


def convert(checkpoint: Path, target: Path) -> None:
    """Writes the arrays that `services.speech.engines.style_clone.encoder` reads.

    Raises ValueError for another file.
    """
    if hashlib.sha256(checkpoint.read_bytes()).hexdigest() != _SHA256:
        raise ValueError("not the checkpoint of resemblyzer 0.1.4")
    with checkpoint.open("rb") as source:
        tensors = _tensors(source)
    arrays: dict[str, NDArray[np.float16]] = {}
    for layer in range(_LAYERS):
        bias = tensors[f"lstm.bias_ih_l{layer}"] + tensors[f"lstm.bias_hh_l{layer}"]
        arrays[f"input_{layer}"] = tensors[f"lstm.weight_ih_l{layer}"].astype(np.float16)
        arrays[f"hidden_{layer}"] = tensors[f"lstm.weight_hh_l{layer}"].astype(np.float16)
        arrays[f"bias_{layer}"] = bias.astype(np.float16)
    arrays["linear"] = tensors["linear.weight"].astype(np.float16)
    arrays["linear_bias"] = tensors["linear.bias"].astype(np.float16)
    with target.open("wb") as output:
        np.savez(output, allow_pickle=False, **arrays)


def _tensors(source: BinaryIO) -> dict[str, NDArray[np.float32]]:
    for _ in range(_HEADER_PICKLES):
        _Describing(source).load()
    described = _Describing(source).load()["model_state"]
    storages = {}
    for key in _Describing(source).load():
        (count,) = struct.unpack("<q", source.read(8))
        storages[key] = np.frombuffer(source.read(4 * count), "<f4")
    return {name: _values(tensor, storages) for name, tensor in described.items()}


def _values(tensor: _Tensor, storages: dict[str, NDArray[np.float32]]) -> NDArray[np.float32]:
    values = storages[tensor.storage.key][tensor.offset :][: math.prod(tensor.shape)]
    return values.reshape(tensor.shape)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("checkpoint", type=Path)
    parser.add_argument("target", type=Path)
    options = parser.parse_args()
    convert(options.checkpoint, options.target)


if __name__ == "__main__":
    main()
