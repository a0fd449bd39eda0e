"""People before screens, composited, so that alpha and the true composite are known.

Each picture has what makes keying hard: hair of single strands, a hand blurred by motion, light of the screen spilt on
the edges, uneven light, sensor noise, and 4:2:0 chroma.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import cv2
import numpy as np

from bench.media.yuv import Bytes, Floats, Planes, planes_of

_OVERSAMPLING = 2
_BLUR_STEPS = 8
_STRANDS = 260
_SPILL = 0.25


@dataclass(frozen=True, slots=True)
class Scene:
    """What is filmed. `screen` is RGB 0..1; `unevenness` the share of light lost at the darkest corner."""

    width: int
    height: int
    frames: int
    screen: tuple[float, float, float] = (0.16, 0.62, 0.24)
    unevenness: float = 0.4
    noise: float = 0.014
    seed: int = 7


@dataclass(frozen=True, slots=True)
class Shot:
    """One picture: as filmed, and what a perfect keyer makes of it. `alpha` is (height, width) 0..1."""

    filmed: Planes
    alpha: Floats
    composite: Planes


def background(scene: Scene) -> Floats:
    """A room out of focus, RGB 0..1: bright and dark, warm and cold."""
    rng = np.random.default_rng(scene.seed + 1)
    grey, tint = rng.uniform(0.1, 0.9, (7, 11, 1)), rng.uniform(-0.25, 0.25, (7, 11, 3))
    coarse = np.clip(grey + tint, 0.02, 0.98).astype(np.float32)
    grown = cv2.resize(coarse, (scene.width, scene.height), interpolation=cv2.INTER_CUBIC)
    return np.clip(grown, 0, 1).astype(np.float32)


def shots(scene: Scene) -> Iterator[Shot]:
    """Every picture of the scene."""
    rng = np.random.default_rng(scene.seed)
    screen, behind, person = _lit_screen(scene), background(scene), _Person(scene)
    for index in range(scene.frames):
        alpha = person.alpha(index)
        colours = person.colours(index)
        spilt = _with_spill(colours, alpha, screen)
        a = alpha[..., None]
        filmed = spilt * a + screen * (1 - a)
        filmed += rng.normal(0, scene.noise, filmed.shape).astype(np.float32)
        yield Shot(planes_of(np.clip(filmed, 0, 1)), alpha, planes_of(colours * a + behind * (1 - a)))


def _lit_screen(scene: Scene) -> Floats:
    rows, columns = np.mgrid[0 : scene.height, 0 : scene.width].astype(np.float32)
    away = np.hypot(columns / scene.width - 0.35, rows / scene.height - 0.3)
    light = 1.0 - scene.unevenness * np.clip(away / 0.95, 0, 1)
    return np.asarray(light[..., None] * np.array(scene.screen, np.float32), np.float32)


def _with_spill(colours: Floats, alpha: Floats, screen: Floats) -> Floats:
    """Light of the screen on what is near it."""
    reach = alpha.shape[0] / 60
    near = cv2.GaussianBlur(1 - alpha, (0, 0), reach)[..., None] * 2 * _SPILL
    return np.asarray(colours * (1 - near * 0.4) + screen * near * 0.4, np.float32)


class _Person:
    """Drawn oversampled; sways, and waves a hand."""

    def __init__(self, scene: Scene) -> None:
        self._scene = scene
        self._unit = scene.height * _OVERSAMPLING
        self._shape = (scene.height * _OVERSAMPLING, scene.width * _OVERSAMPLING)
        rng = np.random.default_rng(scene.seed + 2)
        self._angles = rng.uniform(np.pi * 0.95, np.pi * 2.05, _STRANDS)
        self._bends = rng.normal(0, 0.5, _STRANDS)
        self._lengths = rng.uniform(0.03, 0.12, _STRANDS)

    def alpha(self, index: int) -> Floats:
        """(height, width) 0..1."""
        drawn = np.zeros(self._shape, np.uint8)
        self._draw_body(drawn, index)
        self._draw_hair(drawn, index)
        whole = np.maximum(drawn.astype(np.float32) / 255, self._hand(index))
        size = (self._scene.width, self._scene.height)
        return np.clip(cv2.resize(whole, size, interpolation=cv2.INTER_AREA), 0, 1).astype(np.float32)

    def colours(self, index: int) -> Floats:
        """(height, width, 3) 0..1: what is there where alpha is 1."""
        scene = self._scene
        rows, columns = np.mgrid[0 : scene.height, 0 : scene.width].astype(np.float32) / scene.height
        shade = (0.85 + 0.15 * np.sin(columns * 9 + index * 0.05))[..., None]
        skin, hair, cloth = (np.array(c, np.float32) for c in ((0.86, 0.66, 0.55), (0.2, 0.14, 0.1), (0.5, 0.5, 0.54)))
        centre = self._sway(index) / _OVERSAMPLING / scene.height
        is_face = ((columns - centre) / 0.135) ** 2 + ((rows - 0.37) / 0.175) ** 2 < 1
        picture = np.where(rows[..., None] > 0.56, cloth, np.where(is_face[..., None], skin, hair))
        is_hand = np.abs(columns - centre - 0.47) < 0.17
        picture = np.where((is_hand & (rows < 0.62))[..., None], skin, picture)
        return np.asarray(cv2.GaussianBlur(picture * shade, (0, 0), scene.height / 300), np.float32)

    def _sway(self, index: int) -> float:
        return self._unit * (self._scene.width / self._scene.height * 0.45 + 0.02 * np.sin(index * 0.3))

    def _draw_body(self, drawn: Bytes, index: int) -> None:
        unit, x = self._unit, round(self._sway(index))
        cv2.ellipse(drawn, (x, round(0.36 * unit)), (round(0.15 * unit), round(0.2 * unit)), 0, 0, 360, 255, -1)
        cv2.ellipse(drawn, (x, round(1.0 * unit)), (round(0.32 * unit), round(0.42 * unit)), 0, 0, 360, 255, -1)
        cv2.rectangle(drawn, (x - unit // 16, unit // 2), (x + unit // 16, round(0.65 * unit)), 255, -1)

    def _draw_hair(self, drawn: Bytes, index: int) -> None:
        unit, x = self._unit, self._sway(index)
        for angle, bend, length in zip(self._angles, self._bends, self._lengths, strict=True):
            steps = np.linspace(0, 1, 12)
            turn = angle + bend * steps + 0.05 * np.sin(index * 0.4 + angle * 7)
            reach = 1 + steps * length / 0.15
            points = np.stack(
                [x + 0.148 * unit * reach * np.cos(turn), 0.36 * unit + 0.198 * unit * reach * np.sin(turn)], 1
            )
            cv2.polylines(drawn, [np.rint(points * 16).astype(np.int32)], False, 255, 2, cv2.LINE_AA, 4)

    def _hand(self, index: int) -> Floats:
        """Blurred by its own motion while the shutter is open."""
        unit = self._unit
        total = np.zeros(self._shape, np.float32)
        for step in range(_BLUR_STEPS):
            swing = np.sin((index + step / _BLUR_STEPS) * 0.5)
            centre = (round(self._sway(index) + (0.46 + 0.09 * swing) * unit), round((0.45 + 0.04 * swing) * unit))
            drawn = np.zeros(self._shape, np.uint8)
            cv2.ellipse(drawn, centre, (unit // 16, unit // 11), 20, 0, 360, 255, -1)
            total += drawn
        return total / np.float32(255 * _BLUR_STEPS)
