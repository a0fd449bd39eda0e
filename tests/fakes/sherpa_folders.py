"""Folders with the files of sherpa-onnx models, empty inside."""

from __future__ import annotations

from pathlib import Path

FILES = {
    "kokoro": ("model.onnx", "model.int8.onnx", "voices.bin", "tokens.txt", "lexicon-us-en.txt", "lexicon-zh.txt"),
    "matcha": ("model-steps-3.onnx", "vocos-22khz-univ.onnx", "tokens.txt", "lexicon.txt"),
    "vits": ("en_US-amy-low.onnx", "tokens.txt", "espeak-ng-data/phontab"),
    "sense_voice": ("model.int8.onnx", "tokens.txt"),
    "paraformer": ("model.int8.onnx", "tokens.txt"),
    "whisper": ("tiny-encoder.int8.onnx", "tiny-decoder.int8.onnx", "tiny-tokens.txt"),
}


def make_folder(parent: Path, kind: str, *, name: str = "mine", without: str = "") -> Path:
    """A folder with the files of a kind; those that hear carry their description at the end."""
    folder = parent / name
    for file in FILES[kind]:
        if file != without:
            path = folder / file
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(b"\0" * len(FILES[kind][0]) + f"model_type {kind}".encode() * file.endswith(".onnx"))
    return folder
