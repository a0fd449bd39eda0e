"""Speed and pitch, each without touching the other, through FFmpeg's filters as PyAV ships them."""

import av
import numpy as np
from av.filter import Graph
from numpy.typing import NDArray

_MIN_TEMPO = 0.5
_MAX_TEMPO = 2.0
_CHUNK_SAMPLES = 1 << 16
_TAIL_S = 0.2  # atempo never emits its last incomplete window: give it silence to lose instead of speech


def change_prosody(
    audio: NDArray[np.float32], sample_rate: int, *, speech_rate: float, pitch_rate: float
) -> NDArray[np.float32]:
    """Speech `speech_rate` times faster and `pitch_rate` times higher; both 0.5..2.0.

    The result has exactly round(len(audio) / speech_rate) samples. Pitch is changed by playing faster or
    slower (formants move along with it) and the length restored by `atempo`, a waveform-similarity
    overlap-add.
    """
    if speech_rate == 1.0 and pitch_rate == 1.0:
        return audio
    stages = [] if pitch_rate == 1.0 else _resampling_stages(sample_rate, pitch_rate)
    stages += _tempo_stages(speech_rate / pitch_rate)
    padded = np.pad(audio, (0, round(sample_rate * _TAIL_S)))
    stretched = _run_filters(padded, sample_rate, stages)
    return _fit_length(stretched, round(len(audio) / speech_rate))


def _resampling_stages(sample_rate: int, pitch_rate: float) -> list[tuple[str, str]]:
    return [("asetrate", str(round(sample_rate * pitch_rate))), ("aresample", str(sample_rate))]


def _tempo_stages(tempo: float) -> list[tuple[str, str]]:
    """`tempo` as a chain of factors within 0.5..2, where the filter drops no samples."""
    stages = []
    while tempo != 1.0:
        factor = min(max(tempo, _MIN_TEMPO), _MAX_TEMPO)
        stages.append(("atempo", repr(factor)))
        tempo /= factor
    return stages


def _run_filters(audio: NDArray[np.float32], sample_rate: int, stages: list[tuple[str, str]]) -> NDArray[np.float32]:
    graph = Graph()
    source = graph.add_abuffer(sample_rate=sample_rate, format="flt", layout="mono")
    sink = graph.add("abuffersink")
    nodes = [source, *(graph.add(name, argument) for name, argument in stages), sink]
    graph.link_nodes(*nodes).configure()
    output: list[NDArray[np.float32]] = []
    for start in range(0, len(audio), _CHUNK_SAMPLES):
        frame = av.AudioFrame.from_ndarray(audio[np.newaxis, start : start + _CHUNK_SAMPLES], "flt", "mono")
        frame.sample_rate = sample_rate
        frame.pts = start
        source.push(frame)
        _drain(sink, output)
    source.push(None)
    _drain(sink, output)
    return np.concatenate(output) if output else audio[:0]


def _drain(sink: "av.filter.context.FilterContext", output: list[NDArray[np.float32]]) -> None:
    while True:
        try:
            frame = sink.pull()
        except (av.BlockingIOError, av.EOFError):
            return
        if not isinstance(frame, av.AudioFrame):
            raise TypeError("an audio filter graph gave a frame of another kind")
        output.append(frame.to_ndarray().ravel().astype(np.float32))


def _fit_length(audio: NDArray[np.float32], length: int) -> NDArray[np.float32]:
    return np.pad(audio[:length], (0, max(0, length - len(audio))))
