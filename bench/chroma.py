"""The keyer against FFmpeg's `chromakey` and `colorkey`, at the parameters best for them, on the same footage.

Method. The footage is made by `bench.media.screens`, so that alpha and the true composite are known, and encoded once
(x264, CRF 16). Quality: every keyer gets the decoded pictures and the same background; what it answers is compared
before anything is encoded again. Speed: from file to file with the same decoder, the same background image and the same
encoder settings; wall and CPU time, the median of three runs of each, taken in turns. FFmpeg's filters run in this
process through PyAV, with the screen's true colour; a grid over similarity and blend, with and without `despill`, finds
the parameters of the highest composite PSNR and of the lowest error of alpha at edges on every fourth picture.

Formulas. Alpha error: mean |a - t|, as a percentage, over all pixels and over edge pixels (0.01 < t < 0.99, grown by
one). SAD: sum |a - t| / 1000 a picture. MSE: mean (a - t)^2 * 1000. Grad: sum of squared differences of the gradient
magnitudes (derivatives of a Gaussian, sigma 1.4) / 1000 a picture. Flicker (dtSSD): standard deviation of the
difference between the changes of alpha from picture to picture, * 100. PSNR: over the samples of all three planes of
all pictures.

    python -m bench.chroma [--frames N] [--sheet FILE.png]
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import partial
from pathlib import Path

import av
import cv2
import numpy as np

from bench.media.screens import Scene, Shot, background, shots
from bench.media.yuv import Bytes, Floats, Planes, planes_of, rgb_of
from kit.content_label import ContentLabel
from services.video.engines.yuv_tables.clips import writer as product_writer
from services.video.engines.yuv_tables.keyer import planes as product
from services.video.engines.yuv_tables.keyer.colours import Matrix, chroma_of, staying_share
from services.video.engines.yuv_tables.keyer.colours import rgb_of as key_rgb
from services.video.engines.yuv_tables.keyer.keyer import Keyer, KeySettings
from services.video.engines.yuv_tables.keyer.survey import survey
from services.video.engines.yuv_tables.keyer.tables import softness
from services.video.engines.yuv_tables.pipeline import ReplacementOrder, replace_screen
from services.video.media.threads import codec_threads

RATE = 25
RUNS = 3
BT709 = 1
_GRID = [
    (name, similarity, blend, despill)
    for name, similarities in (
        ("chromakey", (0.02, 0.03, 0.04, 0.05, 0.06)),
        ("colorkey", (0.06, 0.1, 0.14, 0.18, 0.24)),
    )
    for similarity in similarities
    for blend in (0.0, 0.02, 0.04, 0.06, 0.1)
    for despill in (False, True)
]
_SEARCHED_EVERY = 4


@dataclass(frozen=True, slots=True)
class Result:
    """What a keyer made of one picture. `alpha` is 0..1."""

    alpha: Floats
    composite: Planes


@dataclass(frozen=True, slots=True)
class Quality:
    """Means over pictures; see the module's formulas."""

    alpha: float
    edge: float
    sad: float
    mse: float
    grad: float
    flicker: float
    psnr: float


@dataclass(frozen=True, slots=True)
class Filter:
    """FFmpeg's keyer with its parameters."""

    name: str
    color: str
    similarity: float
    blend: float
    has_despill: bool

    def chain(self) -> list[tuple[str, str]]:
        """Filters and their arguments."""
        keyed = [(self.name, f"color={self.color}:similarity={self.similarity}:blend={self.blend}")]
        return [*keyed, *([("despill", "type=green")] if self.has_despill else []), ("format", "yuva420p")]

    def __str__(self) -> str:
        return f"{self.name} {self.similarity}/{self.blend}{' + despill' if self.has_despill else ''}"


def measure(given: Sequence[Shot], results: Iterable[Result]) -> Quality:
    """Against the truth."""
    rows: list[tuple[float, ...]] = []
    squares = samples = 0.0
    before: tuple[Floats, Floats] | None = None
    for shot, result in zip(given, results, strict=True):
        error = result.alpha - shot.alpha
        is_mixed = ((shot.alpha > 0.01) & (shot.alpha < 0.99)).astype(np.uint8)
        edge = cv2.dilate(is_mixed, np.ones((3, 3), np.uint8)) > 0
        flicker = 0.0 if before is None else float(((result.alpha - before[0]) - (shot.alpha - before[1])).std())
        before = (result.alpha, shot.alpha)
        size = np.abs(error)
        rows.append(
            (
                size.mean() * 100,
                size[edge].mean() * 100,
                size.sum() / 1000,
                (error**2).mean() * 1000,
                ((_gradient(result.alpha) - _gradient(shot.alpha)) ** 2).sum() / 1000,
                flicker * 100,
            )
        )
        for plane, truth in zip(result.composite, shot.composite, strict=True):
            squares += float(((plane.astype(np.float32) - truth) ** 2).sum())
            samples += plane.size
    means = [float(value) for value in np.mean(rows, axis=0)]
    return Quality(*means, psnr=10 * float(np.log10(255**2 * samples / squares)))


def _gradient(alpha: Floats) -> Floats:
    smooth = cv2.GaussianBlur(alpha, (0, 0), 1.4)
    return np.hypot(cv2.Sobel(smooth, cv2.CV_32F, 1, 0, scale=0.125), cv2.Sobel(smooth, cv2.CV_32F, 0, 1, scale=0.125))


def keyed_by_us(filmed: Sequence[Planes], behind: Planes) -> Iterator[Result]:
    """At the contract's default numbers."""
    pictures = [product.Planes(*planes) for planes in filmed]
    key = survey(pictures[:4], chroma_of(key_rgb("green"), Matrix.BT709)).key
    assert key is not None
    settings = KeySettings(key, softness(0.4, 0.1, staying=staying_share(key, Matrix.BT709)))
    keyer, out = Keyer(pictures[0].size, settings), product.empty_planes(pictures[0].size)
    gone = np.empty_like(out.luma)
    for picture in pictures:
        keyer.key(picture, product.Planes(*behind), out, gone=gone)
        yield Result(1 - gone.astype(np.float32) / 255, (out.luma.copy(), out.u.copy(), out.v.copy()))


def keyed_by_filter(given: Filter, filmed: Sequence[Planes], behind: Planes) -> Iterator[Result]:
    """Composite and alpha of FFmpeg's filters."""
    graph = av.filter.Graph()
    source, beach, keyed = _keying_graph(graph, given, filmed[0])
    parted = graph.add("split")
    keyed.link_to(parted)
    over, alpha = graph.add("overlay", "format=yuv420"), graph.add("alphaextract")
    beach.link_to(over, 0, 0)
    parted.link_to(over, 0, 1)
    parted.link_to(alpha, 1, 0)
    sinks = [graph.add("buffersink"), graph.add("buffersink")]
    over.link_to(sinks[0])
    alpha.link_to(sinks[1])
    graph.configure()
    for index, planes in enumerate(filmed):
        source.push(frame_of(planes, index))
        beach.push(frame_of(behind, index))
        composite, matte = (sink.pull() for sink in sinks)
        assert isinstance(composite, av.VideoFrame) and isinstance(matte, av.VideoFrame)
        yield Result(_views(matte)[0].astype(np.float32) / 255, copied(composite))


def _keying_graph(
    graph: av.filter.Graph, given: Filter, like: Planes
) -> tuple[av.filter.context.FilterContext, av.filter.context.FilterContext, av.filter.context.FilterContext]:
    height, width = like[0].shape
    source, beach = (
        graph.add_buffer(width=width, height=height, format="yuv420p", time_base=Fraction(1, RATE)) for _ in range(2)
    )
    last = source
    for name, arguments in given.chain():
        following = graph.add(name, arguments)
        last.link_to(following)
        last = following
    return source, beach, last


def frame_of(planes: Planes, index: int) -> av.VideoFrame:
    """A frame with these planes."""
    height, width = planes[0].shape
    frame = av.VideoFrame(width, height, "yuv420p")
    for view, plane in zip(_views(frame), planes, strict=True):
        view[:] = plane
    frame.pts, frame.time_base = index, Fraction(1, RATE)
    frame.colorspace, frame.color_range = BT709, 1
    return frame


def copied(frame: av.VideoFrame) -> Planes:
    """The first three planes of a frame."""
    luma, u, v = (view.copy() for view in _views(frame)[:3])
    return luma, u, v


def _views(frame: av.VideoFrame) -> list[Bytes]:
    return [
        np.frombuffer(plane, np.uint8).reshape(-1, plane.line_size)[: plane.height, : plane.width]
        for plane in frame.planes
    ]


def write_footage(path: Path, filmed: Sequence[Planes], *, count: int) -> None:
    """The pictures forth and back, `count` in all."""
    height, width = filmed[0][0].shape
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=RATE, options={"preset": "veryfast", "crf": "16"})
        stream.width, stream.height, stream.pix_fmt = width, height, "yuv420p"
        stream.codec_context.colorspace = BT709
        turns = [*range(len(filmed)), *range(len(filmed) - 2, 0, -1)]
        for index in range(count):
            container.mux(stream.encode(frame_of(filmed[turns[index % len(turns)]], index)))
        container.mux(stream.encode(None))


def decoded(path: Path, count: int) -> list[Planes]:
    """The first pictures of a video."""
    with av.open(str(path)) as container:
        return [copied(frame) for _, frame in zip(range(count), container.decode(video=0), strict=False)]


def replace_by_filter(given: Filter, video: Path, behind: Planes, target: Path) -> None:
    """From file to file, with the product's encoder settings."""
    with av.open(str(video)) as source, av.open(str(target), "w", options={"movflags": "+faststart"}) as output:
        source.streams.video[0].thread_type = "AUTO"
        graph = av.filter.Graph()
        graph.threads = 0
        pictures, beach, keyed = _keying_graph(graph, given, behind)
        over, sink = graph.add("overlay", "format=yuv420"), graph.add("buffersink")
        beach.link_to(over, 0, 0)
        keyed.link_to(over, 0, 1)
        over.link_to(sink)
        graph.configure()
        stream = output.add_stream("libx264", rate=RATE, options=product_writer.PICTURE_OPTIONS)
        stream.height, stream.width = behind[0].shape
        stream.pix_fmt = "yuv420p"
        stream.codec_context.thread_count = codec_threads()
        still = frame_of(behind, 0)
        for index, frame in enumerate(source.decode(video=0)):
            frame.pts, frame.time_base = index, Fraction(1, RATE)
            pictures.push(frame)
            still.pts = index
            beach.push(still)
            output.mux(stream.encode(sink.pull()))
        output.mux(stream.encode(None))


def timed(work: Callable[[], object]) -> tuple[float, float]:
    """Wall and CPU seconds."""
    wall, used = time.perf_counter(), time.process_time()
    work()
    return time.perf_counter() - wall, time.process_time() - used


def best_filters(given: Sequence[Shot], filmed: Sequence[Planes], behind: Planes, color: str) -> dict[str, Filter]:
    """By what they are best at."""
    few, few_filmed = given[::_SEARCHED_EVERY], filmed[::_SEARCHED_EVERY]
    tried = [Filter(name, color, similarity, blend, despill) for name, similarity, blend, despill in _GRID]
    found = [(each, measure(few, keyed_by_filter(each, few_filmed, behind))) for each in tried]
    best: dict[str, Filter] = {}
    for name in ("chromakey", "colorkey"):
        own = [(each, quality) for each, quality in found if each.name == name]
        best[f"{name}, best PSNR"] = max(own, key=lambda pair: pair[1].psnr)[0]
        best[f"{name}, best edges"] = min(own, key=lambda pair: pair[1].edge)[0]
        despilled = [(each, quality) for each, quality in own if each.has_despill]
        best[f"{name} + despill, best PSNR"] = max(despilled, key=lambda pair: pair[1].psnr)[0]
    return best


def sheet(path: Path, rows: Sequence[tuple[Planes, Result, Result, Planes]]) -> None:
    """Filmed, FFmpeg's, ours and the truth beside each other, with cut-outs of the hair below."""
    lines = []
    for filmed, theirs, ours, truth in rows:
        four = [rgb_of(planes) for planes in (filmed, theirs.composite, ours.composite, truth)]
        height, width = four[0].shape[:2]
        small = [cv2.resize(each, (480, 270), interpolation=cv2.INTER_AREA) for each in four]
        rows_, columns = (
            slice(height // 20, height // 20 + height // 4),
            slice(width // 3, width // 3 + height * 4 // 9),
        )
        cut = [cv2.resize(each[rows_, columns], (480, 270), interpolation=cv2.INTER_CUBIC) for each in four]
        lines += [np.hstack(small), np.hstack(cut)]
    cv2.imwrite(str(path), np.vstack(lines)[..., ::-1])


def compare_quality(folder: Path, frames: int, sheet_path: Path | None) -> list[Filter]:
    """Prints the table for 720p; answers the filters that the speed is compared with."""
    scene = Scene(1280, 720, frames)
    given, behind = list(shots(scene)), planes_of(background(scene))
    write_footage(folder / "quality.mp4", [shot.filmed for shot in given], count=frames)
    filmed = decoded(folder / "quality.mp4", frames)
    color = "0x" + "".join(f"{round(part * 255 * (1 - scene.unevenness / 4)):02X}" for part in scene.screen)
    print(f"{'720p':64} alpha%  edge%    SAD   MSE   Grad  flicker  PSNR dB")
    best = best_filters(given, filmed, behind, color)
    for name, each in best.items():
        _print(f"{name} ({each})", measure(given, keyed_by_filter(each, filmed, behind)))
    ours = list(keyed_by_us(filmed, behind))
    _print("yuv_tables (0.4/0.1)", measure(given, ours))
    if sheet_path is not None:
        theirs = list(keyed_by_filter(best["chromakey, best PSNR"], filmed, behind))
        shown = (0, frames // 2)
        sheet(sheet_path, [(filmed[at], theirs[at], ours[at], given[at].composite) for at in shown])
    return [best["chromakey, best PSNR"], best["colorkey + despill, best PSNR"]]


def _print(name: str, quality: Quality) -> None:
    print(
        f"{name:64} {quality.alpha:6.2f} {quality.edge:6.2f} {quality.sad:6.2f} {quality.mse:5.2f}"
        f" {quality.grad:6.2f} {quality.flicker:8.2f} {quality.psnr:8.2f}"
    )


def compare_speed(folder: Path, filters: Sequence[Filter], *, width: int, height: int, count: int) -> None:
    """Prints frames per second, of wall and of CPU time."""
    scene = Scene(width, height, 12)
    video, image, target = folder / "speed.mp4", folder / "behind.png", folder / "out.mp4"
    write_footage(video, [shot.filmed for shot in shots(scene)], count=count)
    rgb = background(scene)
    cv2.imwrite(str(image), np.rint(rgb[..., ::-1] * 255).astype(np.uint8))
    behind = planes_of(rgb)
    order = ReplacementOrder(video, image, target, "green", 0.4, 0.1, ContentLabel("bench", "1"))
    rivals: dict[str, Callable[[], object]] = {
        **{str(each): partial(replace_by_filter, each, video, behind, target) for each in filters},
        "yuv_tables": lambda: replace_screen(order),
    }
    times: dict[str, list[tuple[float, float]]] = {name: [] for name in rivals}
    for _ in range(RUNS):
        for name, work in rivals.items():
            times[name].append(timed(work))
    for name, each in times.items():
        wall, used = (statistics.median(column) for column in zip(*each, strict=True))
        print(f"{height}p {name:40} {count / wall:6.1f} frames/s, {1000 * used / count:5.1f} ms of CPU a frame")


def main() -> None:
    """Runs everything."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--frames", type=int, default=24, help="pictures compared")
    parser.add_argument("--seconds", type=int, default=15, help="length of the footage for speed")
    parser.add_argument("--sheet", type=Path, default=None, help="where to write a contact sheet")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="voxreel-chroma-") as name:
        folder = Path(name)
        best = compare_quality(folder, arguments.frames, arguments.sheet)
        for width, height in ((1280, 720), (1920, 1080)):
            compare_speed(folder, best, width=width, height=height, count=arguments.seconds * RATE)


if __name__ == "__main__":
    main()
