"""Makes the space of timbres that cloning searches in, from the voice packs of Kokoro.

    python -m tools.style_space <folder of packs> <out.npz> [--cache-dir DIR]

The packs are those of the npm package `kokoro-js` 1.2.1 (`voices/*.bin`). A few are left out, so that
`bench/cloning.py` has voices of the same kind that the search has not seen.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from kit.models import DEFAULT_MODELS_DIR, ModelStore
from services.speech.engines.kokoro.acoustic import AcousticModel, load_pack
from services.speech.engines.kokoro.settings import MODEL_FILE, VOCABULARY_FILE
from services.speech.engines.style_clone.encoder import SpeakerEncoder
from services.speech.engines.style_clone.probe import speak
from services.speech.engines.style_clone.settings import ENCODER_FILE
from services.speech.engines.style_clone.space import PACK_SHAPE, TIMBRE_WIDTH, StyleSpace

HELD_OUT = ("af_nova", "am_onyx", "bf_isabella", "bm_george")
_COMPONENTS = 24  # 92 % of the variance
_KNOT_EVERY = 15
# Speak the probe natively, whatever language the voice was trained on.
_PROSODY = {"f": "zf_xiaoxiao", "m": "zm_yunxi"}


def make(folder: Path, target: Path, store: ModelStore) -> None:
    """Writes the file that `StyleSpace.load` reads."""
    packs = {path.stem: load_pack(path) for path in sorted(folder.glob("*.bin"))}
    known = {name: pack for name, pack in packs.items() if name not in HELD_OUT}
    space = _space(np.stack(list(known.values())))
    model = AcousticModel(store.ensure(MODEL_FILE), store.ensure(VOCABULARY_FILE), threads=2)
    encoder = SpeakerEncoder.load(store.ensure(ENCODER_FILE))
    embeddings = [
        encoder.embed(speak(model, space.pack(point, packs[_PROSODY[name[1]]])))
        for name, point in zip(known, space.coordinates, strict=True)
    ]
    with target.open("wb") as output:
        np.savez(
            output,
            allow_pickle=False,
            knots=space.knots.astype(np.int16),
            mean=space.mean.astype(np.float16),
            components=space.components.astype(np.float16),
            coordinates=space.coordinates.astype(np.float32),
            embeddings=np.stack(embeddings).astype(np.float16),
        )


def _space(packs: NDArray[np.float32]) -> StyleSpace:
    """Without embeddings."""
    knots = np.unique([*range(0, PACK_SHAPE[0], _KNOT_EVERY), PACK_SHAPE[0] - 1])
    styles = packs[:, knots, :TIMBRE_WIDTH].astype(np.float64)
    mean = styles.mean(axis=0)
    flat = (styles - mean).reshape(len(packs), -1)
    _, values, directions = np.linalg.svd(flat, full_matrices=False)
    # The sign of a direction is up to the linear algebra library.
    directions *= np.sign(directions[np.arange(len(directions)), np.abs(directions).argmax(axis=1)])[:, np.newaxis]
    spreads = values[:_COMPONENTS, np.newaxis] / np.sqrt(len(packs))
    components = directions[:_COMPONENTS] * spreads
    coordinates = flat @ directions[:_COMPONENTS].T / spreads.T
    return StyleSpace(
        knots=knots,
        mean=mean.astype(np.float32),
        components=components.reshape(-1, *mean.shape).astype(np.float32),
        coordinates=coordinates,
        embeddings=np.empty((0, 0), dtype=np.float32),
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("target", type=Path)
    parser.add_argument("--cache-dir", type=Path, default=Path("data/models"))
    options = parser.parse_args()
    make(options.folder, options.target, ModelStore(DEFAULT_MODELS_DIR, options.cache_dir))


if __name__ == "__main__":
    main()
