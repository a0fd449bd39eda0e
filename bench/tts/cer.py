"""Intelligibility of the offline voices: synthesise, recognise with Whisper, count character errors.

Method. Ten Chinese sentences with figures, dates, prices and English words are spoken by every Mandarin
preset voice. The recogniser of the platform (Whisper base, int8, beam 5) writes down what it hears, without being told
the text. Both sides are reduced to comparable characters: simplified script, figures in words, 两 as 二 and 幺 as 一,
no punctuation or spaces, capital letters. The rate is the Levenshtein distance over the length of the
reference. The reference of each sentence was written by hand, so a figure our normalisation reads wrongly
counts as an error. What remains is the error of synthesiser and recogniser together: an upper bound for the
voice.

    python -m bench.tts.cer [--cache-dir DIR] [--voice ID ...]
    python -m bench.tts.cer --demo       # the same sentences, each a WAV that `voxreel demo` left
"""

import argparse
import asyncio
import re
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

from bench.stack import running_stack
from kit.models import DEFAULT_MODELS_DIR
from services.speech.engines.base import Language, SynthesisRequest
from services.speech.engines.kokoro.catalog import voices
from services.speech.engines.registry import AUTO, SynthesizerSettings, open_synthesizer
from services.speech.engines.whisper.engine import WhisperEars
from services.speech.engines.whisper.settings import WhisperModelFiles
from services.speech.media.decoding import decode
from services.speech.media.sound import SoundOrder
from services.speech.text.cleaning import clean
from services.speech.text.joining import joined
from services.speech.text.normalization import Reading, normalize

TIMEOUT_S = 120.0
_NOT_COMPARED = re.compile(r"[^A-Z\u3400-\u9fff]+")
_SAME_SOUND = str.maketrans({"两": "二", "幺": "一", "她": "他", "它": "他"})


@dataclass(frozen=True, slots=True)
class Sample:
    """A sentence and, written by hand, how it has to be read."""

    text: str
    reading: str


SAMPLES = (
    Sample("清晨的阳光洒在湖面上，远处传来一阵悠扬的笛声。", "清晨的阳光洒在湖面上远处传来一阵悠扬的笛声"),
    Sample("2024年5月12日，气温从8℃升到23.5℃。", "二零二四年五月十二日气温从八摄氏度升到二十三点五摄氏度"),
    Sample("这件大衣原价1,280元，现在打八折，只要1024元。", "这件大衣原价一千二百八十元现在打八折只要一千零二十四元"),
    Sample("会议改到下午3:30，请大家提前10分钟到场。", "会议改到下午三点三十分请大家提前十分钟到场"),
    Sample("有问题请拨打13800138000，我们会尽快回复您。", "有问题请拨打一三八零零一三八零零零我们会尽快回复您"),
    Sample("本季度销售额增长了15.6%，超过了年初的目标。", "本季度销售额增长了百分之十五点六超过了年初的目标"),
    Sample("我们今天发布了iPhone手机和AI助手。", "我们今天发布了IPHONE手机和AI助手"),
    Sample("从北京到上海大约1200公里，坐高铁需要4个半小时。", "从北京到上海大约一千二百公里坐高铁需要四个半小时"),
    Sample("如果你喜欢这个视频，请记得点赞、收藏和转发。", "如果你喜欢这个视频请记得点赞收藏和转发"),
    Sample("第3章介绍了人工智能的历史，共有42页。", "第三章介绍了人工智能的历史共有四十二页"),
)


@dataclass(frozen=True, slots=True)
class Comparison:
    """What was expected and heard, both reduced to comparable characters."""

    expected: str
    heard: str

    @property
    def errors(self) -> int:
        return edit_distance(self.expected, self.heard)

    @property
    def rate(self) -> float:
        return self.errors / max(1, len(self.expected))


class Listener:
    """The platform's own recogniser, without its workers."""

    def __init__(self, cache_dir: Path) -> None:
        files = WhisperModelFiles(DEFAULT_MODELS_DIR, cache_dir)
        self._ears = WhisperEars(files.ensure(), files.name, threads=2)

    def transcribe(self, recording: bytes) -> str:
        """What is said in a media file."""
        with tempfile.TemporaryDirectory() as folder:
            media = Path(folder) / "recording"
            media.write_bytes(recording)
            sound = decode(None, media, media.with_suffix(".samples"), SoundOrder())
            return joined(sentence.text for sentence in self._ears.hear(sound).sentences)

    def compare(self, recording: bytes, expected_reading: str) -> Comparison:
        return Comparison(comparable(expected_reading), comparable(self.transcribe(recording)))


def comparable(text: str) -> str:
    spoken = normalize(clean(text.replace(" ", "")), default_reading=Reading.CHINESE)
    return _NOT_COMPARED.sub("", spoken.translate(_SAME_SOUND).upper())


def edit_distance(left: str, right: str) -> int:
    """Levenshtein distance."""
    row = list(range(len(right) + 1))
    for i, a in enumerate(left, 1):
        diagonal, row[0] = row[0], i
        for j, b in enumerate(right, 1):
            diagonal, row[j] = row[j], min(row[j] + 1, row[j - 1] + 1, diagonal + (a != b))
    return row[-1]


async def measure(voice_ids: list[str], cache_dir: Path) -> dict[str, list[Comparison]]:
    """Speaks and recognises every sample with every voice."""
    listener = Listener(cache_dir)
    synthesizer = open_synthesizer(AUTO, SynthesizerSettings(cache_dir))
    results: dict[str, list[Comparison]] = {}
    try:
        for voice_id in voice_ids:
            results[voice_id] = []
            for sample in SAMPLES:
                audio = await synthesizer.synthesize(SynthesisRequest(sample.text, voice_id), timeout_s=TIMEOUT_S)
                compared = await asyncio.to_thread(listener.compare, audio.data, sample.reading)
                results[voice_id].append(compared)
    finally:
        await synthesizer.aclose()
    return results


def measure_demo(cache_dir: Path) -> list[Comparison]:
    """Has `voxreel demo` speak every sample on a stack of its own, and recognises the files it leaves."""
    listener = Listener(cache_dir)
    with tempfile.TemporaryDirectory() as folder, running_stack(Path(folder) / "data") as stack:
        recording = Path(folder) / "demo.wav"
        command = [Path(sys.executable).parent / "voxreel", "demo", "--url", stack.url, "--data-dir", stack.data_dir]
        results = []
        for sample in SAMPLES:
            subprocess.run([*command, "--text", sample.text, "--out", recording], check=True, stdout=subprocess.DEVNULL)
            results.append(listener.compare(recording.read_bytes(), sample.reading))
    return results


def total_rate(comparisons: list[Comparison]) -> float:
    return sum(item.errors for item in comparisons) / sum(len(item.expected) for item in comparisons)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cache-dir", type=Path, default=Path("data/models"))
    parser.add_argument("--voice", action="append", help="preset voice id; all Mandarin voices if omitted")
    parser.add_argument("--demo", action="store_true", help="through a stack and its demo instead of the engine alone")
    options = parser.parse_args()
    if options.demo:
        print_results("demo", measure_demo(options.cache_dir))
        return
    mandarin = [voice.voice_id for voice in voices() if voice.language is Language.CHINESE]
    results = asyncio.run(measure(options.voice or mandarin, options.cache_dir))
    for voice_id, comparisons in results.items():
        print_results(voice_id, comparisons)
    print(f"overall: {total_rate([item for items in results.values() for item in items]):.1%}")


def print_results(name: str, comparisons: list[Comparison]) -> None:
    print(f"{name}: {total_rate(comparisons):.1%}")
    for item in comparisons:
        if item.errors:
            print(f"  {item.rate:.1%}\n    expected {item.expected}\n    heard    {item.heard}")


if __name__ == "__main__":
    main()
