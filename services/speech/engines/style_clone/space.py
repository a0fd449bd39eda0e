"""The space of timbres: what the voices of the Kokoro model differ in, as a few coordinates.

A voice pack has a style for each length of utterance. Its first half holds the timbre, its second half the prosody.
Principal components of the first halves span the space; the file that `tools/style_space.py` writes holds them at
some lengths only, since styles change slowly with the length.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Self

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import nnls

TIMBRE_WIDTH = 128
PACK_SHAPE = (510, 256)
# In standard deviations. Styles unlike those of any voice make the model stammer.
_FARTHEST = 3.0


@dataclass(frozen=True, slots=True)
class StyleSpace:
    """`knots`: lengths (k,); `mean`: (k, TIMBRE_WIDTH); `components`: (n, k, TIMBRE_WIDTH), scaled so that the voices
    it was made of have a standard deviation of 1 along each. `coordinates` (v, n) and `embeddings` (v, 256) are those
    of these voices.
    """

    knots: NDArray[np.int64]
    mean: NDArray[np.float32]
    components: NDArray[np.float32]
    coordinates: NDArray[np.float64]
    embeddings: NDArray[np.float32]

    @classmethod
    def load(cls, path: Path) -> Self:
        """From the file that `tools/style_space.py` writes."""
        with np.load(path, allow_pickle=False) as stored:
            return cls(
                knots=stored["knots"].astype(np.int64),
                mean=stored["mean"].astype(np.float32),
                components=stored["components"].astype(np.float32),
                coordinates=stored["coordinates"].astype(np.float64),
                embeddings=stored["embeddings"].astype(np.float32),
            )

    def nearest(self, voice: NDArray[np.float32]) -> NDArray[np.float64]:
        """Coordinates of the voice whose embedding is most like this one."""
        return np.asarray(self.coordinates[int(np.argmax(self.embeddings @ voice))])

    def mixture(self, voice: NDArray[np.float32]) -> NDArray[np.float64]:
        """Coordinates of the mixture of voices whose embeddings, mixed alike, come nearest to this one.

        Embeddings are no linear function of coordinates, but near enough for a start."""
        shares, _ = nnls(self.embeddings.T.astype(np.float64), voice.astype(np.float64))
        return np.asarray(shares @ self.coordinates / shares.sum()) if shares.any() else self.nearest(voice)

    def pack(self, point: NDArray[np.float64], prosody: NDArray[np.float32]) -> NDArray[np.float32]:
        """The voice pack at a point, which speaks in the manner of another pack, both of PACK_SHAPE.

        A point too far outside is taken as the nearest inside.
        """
        inside = np.clip(point, -_FARTHEST, _FARTHEST).astype(np.float32)
        at_knots = self.mean + np.tensordot(inside, self.components, 1)
        pack = prosody.copy()
        pack[:, :TIMBRE_WIDTH] = _between(self.knots, at_knots)
        return pack


def _between(knots: NDArray[np.int64], styles: NDArray[np.float32]) -> NDArray[np.float32]:
    """Styles for every length, linear between those that are known."""
    lengths = np.arange(PACK_SHAPE[0])
    right = np.clip(np.searchsorted(knots, lengths), 1, len(knots) - 1)
    start, end = knots[right - 1], knots[right]
    share = ((lengths - start) / (end - start)).astype(np.float32)[:, np.newaxis]
    return np.asarray(styles[right - 1] * (1 - share) + styles[right] * share, dtype=np.float32)
