"""Lip sync: do the lips do what the voice asks for, and what does it cost.

Method. Three videos are made of packaged pictures of real people: a still portrait, a man who moves and talks already,
and the portrait in 1080p. The offline voice speaks a Mandarin and an English text over each of them. On every picture
of the result the opening of the lips is measured again by a mesh that starts from nothing but the picture before, and
correlated with the opening the voice asked for, at no lag and at one picture either way. Two controls say what the
figure is worth: the same curve against the source as it was, and against the result for the other voice.

Cost: milliseconds a picture of the whole pipeline, by the clock and of CPU over all threads, beside the CPU of decoding
and encoding the same video and nothing else; then ten seconds of 1080p through the engine's worker process, and that
process's memory.

Closures: Mandarin syllables that begin with m, b or p, and as many that begin with n, d, t, l, g or k, are spoken by
two voices; counted is how often the curve finds lips closed. The second figure is of mistakes.

    python -m bench.lipsync [--cache-dir DIR] [--sheets DIR]
"""

from __future__ import annotations

import argparse
import asyncio
import resource
import tempfile
import time
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import av
import cv2
import numpy as np
from numpy.typing import NDArray

from bench.media.faces import RATE, Footage, Image, make_footage
from kit.content_label import ContentLabel
from kit.models import DEFAULT_MODELS_DIR
from services.speech.engines.base import SynthesisRequest
from services.speech.engines.kokoro.settings import KokoroFactory
from services.video.engines.base import RenderRequest
from services.video.engines.mesh_warp.clips.video_reader import pictures
from services.video.engines.mesh_warp.clips.voice_reader import read_voice
from services.video.engines.mesh_warp.engine import MeshWarp
from services.video.engines.mesh_warp.faces.points import Face, box_of, opening_of
from services.video.engines.mesh_warp.faces.tracker import FaceModels
from services.video.engines.mesh_warp.picture import Picture
from services.video.engines.mesh_warp.pipeline import SpeakingOrder, speak
from services.video.engines.mesh_warp.settings import MeshWarpFactory
from services.video.engines.mesh_warp.voice.curve import closures_of, mouth_curve
from services.video.engines.mesh_warp.voice.features import SAMPLE_RATE
from services.video.engines.mesh_warp.voice.features import measure as measure_voice

SURE = 0.6  # how far closed lips count as closed
TEXTS = {
    "zh": ("zhichu", "大家好，今天妈妈和爸爸一起去公园爬山，明天我们看一部非常好玩的片子，请不要忘记带上雨伞。"),
    "en": (
        "heart",
        "People often ask me about my favourite place. Maybe it is the beach, maybe a big old park by the bay.",
    ),
}
# The first syllable of a phrase closes nothing: before it there is a pause.
SYLLABLES = {
    "m, b, p": "妈妈爸爸，伯伯跑步，买面包，破皮袍，慢慢摸",
    "n, d, t, l, g, k": "大地你来，他的哥哥拿了那个，开个头，听老太",
}
SHEET_ROWS, SHEET_COLUMNS, CELL = 2, 6, 220
Curve = NDArray[np.float32]


def make_voices(cache_dir: Path, folder: Path) -> dict[str, Path]:
    """The texts, spoken offline."""
    kokoro, voices = KokoroFactory(DEFAULT_MODELS_DIR, cache_dir)(), {}
    for name, (speaker, text) in TEXTS.items():
        voices[name] = folder / f"{name}.wav"
        voices[name].write_bytes(kokoro.synthesize(SynthesisRequest(text, speaker)).data)
    return voices


@dataclass(frozen=True)
class Measured:
    """The openings of a video's pictures, and the pictures around the face."""

    openings: Curve
    faces: list[Image]


def measure(models: FaceModels, path: Path) -> Measured:
    face: Face | None = None
    openings, faces = [], []
    for picture in pictures(path, Fraction(RATE)):
        face = models.all_faces(picture)[0] if face is None else models.mesh.near(picture, face)
        openings.append(opening_of(face.points))
        faces.append(_cut(picture, face))
    return Measured(np.array(openings, np.float32), faces)


def _cut(picture: Picture, face: Face) -> Image:
    image = cv2.cvtColor(picture.planes, cv2.COLOR_YUV2BGR_I420)
    left, top, right, bottom = (round(side) for side in box_of(face.points))
    margin = (right - left) // 6
    part = image[max(0, top) : bottom + margin, max(0, left - margin) : right + margin]
    return np.asarray(cv2.resize(part, (CELL, CELL), interpolation=cv2.INTER_CUBIC), dtype=np.uint8)


def correlation(wanted: Curve, measured: Curve, lag: int = 0) -> float:
    """Of what was wanted with what was measured `lag` pictures later."""
    count = min(len(wanted), len(measured)) - abs(lag)
    first, second = max(0, -lag), max(0, lag)
    return float(np.corrcoef(wanted[first : first + count], measured[second : second + count])[0, 1])


def transcode(source: Path, target: Path) -> float:
    """Seconds of CPU a picture of decoding and encoding alone, with the engine's own settings."""
    started, count = time.process_time(), 0
    with av.open(str(source)) as video, av.open(str(target), "w") as output:
        stream = output.add_stream("libx264", rate=RATE, options={"preset": "veryfast", "crf": "20"})
        assert isinstance(stream, av.VideoStream)
        shown = video.streams.video[0]
        stream.width, stream.height, stream.pix_fmt = shown.width, shown.height, "yuv420p"
        for frame in video.decode(shown):
            count += 1
            output.mux(stream.encode(frame.reformat(format="yuv420p")))
        output.mux(stream.encode(None))
    return (time.process_time() - started) / count


def sheet(measured: Measured, wanted: Curve) -> Image:
    """Faces from shut to widest."""
    order = np.argsort(wanted)
    chosen = order[np.linspace(0, len(order) - 1, SHEET_ROWS * SHEET_COLUMNS).astype(int)]
    rows = [
        np.hstack([measured.faces[index] for index in chosen[start : start + SHEET_COLUMNS]])
        for start in range(0, len(chosen), SHEET_COLUMNS)
    ]
    return np.vstack(rows)


def bench_footage(
    models: FaceModels, footage: Footage, voices: dict[str, Path], folder: Path, sheets: Path | None
) -> None:
    results, curves = {}, {}
    source = measure(models, footage.path).openings
    plain_ms = 1000 * transcode(footage.path, folder / "plain.mp4")
    for name, voice in voices.items():
        order = SpeakingOrder(
            footage.path, voice, None, folder / f"{name}.mp4", folder, True, ContentLabel("bench", "1")
        )
        started, busy = time.perf_counter(), time.process_time()
        speak(models, order)
        elapsed, busy = time.perf_counter() - started, time.process_time() - busy
        results[name] = measure(models, order.target)
        count = len(results[name].openings)
        curves[name] = mouth_curve(read_voice(voice, SAMPLE_RATE), pictures=count, per_second=RATE).opening
        lags = ", ".join(
            f"{lag:+d}: {correlation(curves[name], results[name].openings, lag):.3f}" for lag in (-1, 0, 1)
        )
        cost = f"{1000 * elapsed / count:.1f} ms each, {1000 * busy / count:.1f} ms of CPU"
        print(f"{footage.name} {name}: {count} pictures, {cost}; correlation {lags}")
        if sheets is not None:
            path = sheets / f"{footage.name.replace(' ', '-')}-{name}.png"
            cv2.imwrite(str(path), sheet(results[name], curves[name]))
    untouched = [correlation(curve, np.resize(source, len(curve))) for curve in curves.values() if source.std() > 1e-6]
    crossed = correlation(curves["zh"], results["en"].openings)
    shown = f"{np.mean(untouched):.3f}" if untouched else "constant"
    print(f"{footage.name}: controls: source {shown}, other voice {crossed:.3f}")
    print(f"{footage.name}: transcoding alone: {plain_ms:.1f} ms of CPU a picture")


def bench_closures(cache_dir: Path, folder: Path) -> None:
    kokoro, voice = KokoroFactory(DEFAULT_MODELS_DIR, cache_dir)(), folder / "syllables.wav"
    for kind, text in SYLLABLES.items():
        phrases = text.split("，")
        inside, found = 2 * sum(len(phrase) - 1 for phrase in phrases), 0
        for speaker in ("zhichu", "zhiwei"):
            voice.write_bytes(kokoro.synthesize(SynthesisRequest(text, speaker)).data)
            closed = closures_of(measure_voice(read_voice(voice, SAMPLE_RATE))) > SURE
            found += int((np.diff(closed.astype(int), prepend=0) == 1).sum())
        print(f"syllables with {kind}: {found} closures found within {inside}")


async def bench_whole(cache_dir: Path, footage: Footage, folder: Path) -> None:
    """Ten seconds of 1080p through the engine."""
    voice = folder / "ten.wav"
    _ten_seconds(folder / "zh.wav", voice)
    engine = MeshWarp(MeshWarpFactory(cache_dir), producer="bench")
    request = RenderRequest(footage.path, voice, None, False, folder / "whole.mp4", "1")
    try:
        for run in ("first, worker and models started", "second"):
            started = time.perf_counter()
            await engine.render(request, timeout_s=600, on_progress=lambda *_: None)
            print(f"10 s of 1080p through the engine, {run}: {time.perf_counter() - started:.1f} s")
    finally:
        await engine.aclose()
    peak_kib = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
    print(f"largest memory of the worker: {peak_kib / 1024:.0f} MiB")


def _ten_seconds(source: Path, target: Path) -> None:
    voice = np.resize(read_voice(source, SAMPLE_RATE), 10 * SAMPLE_RATE)
    with av.open(str(target), "w") as output:
        stream = output.add_stream("pcm_s16le", rate=SAMPLE_RATE, layout="mono")
        assert isinstance(stream, av.AudioStream)
        samples = (np.clip(voice, -1, 1) * 32767).astype(np.int16)
        frame = av.AudioFrame.from_ndarray(samples[np.newaxis], format="s16", layout="mono")
        frame.sample_rate = SAMPLE_RATE
        output.mux(stream.encode(frame))
        output.mux(stream.encode(None))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cache-dir", type=Path, default=Path("data/models"))
    parser.add_argument("--sheets", type=Path, help="folder for a contact sheet of each result")
    options = parser.parse_args()
    if options.sheets is not None:
        options.sheets.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        voices, footage = make_voices(options.cache_dir, folder), make_footage(folder)
        models = MeshWarpFactory(options.cache_dir)()
        bench_closures(options.cache_dir, folder)
        for item in footage:
            bench_footage(models, item, voices, folder, options.sheets)
        asyncio.run(bench_whole(options.cache_dir, footage[-1], folder))


if __name__ == "__main__":
    main()
