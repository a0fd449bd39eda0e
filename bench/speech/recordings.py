"""Word errors of recognition on recorded English speech.

Method. The recordings and what is said in them are those of Debian's package `pocketsphinx-testdata`: five sentences of
"Sense and Sensibility" as a volunteer of LibriVox read them, and five of a man who names playing cards. The platform's
decoder and recogniser hear each file; neither text nor language is told. Words are compared without capitals and
punctuation, figures in words; an error is a word to be inserted, deleted or exchanged.

    apt-get download pocketsphinx-testdata && dpkg -x pocketsphinx-testdata_*.deb recordings
    python -m bench.speech.recordings recordings/usr/share/pocketsphinx/test/data [--cache-dir DIR]
"""

from __future__ import annotations

import argparse
import re
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from bench.speech import english
from bench.speech.comparison import Comparison, compare, rate
from bench.speech.studio import Listener, text_of

SETS = {"librivox": "transcription", "cards": "cards.transcription"}
_LINE = re.compile(r"<s>(?P<text>.*)</s>\s*\((?P<name>[^)]+)\)")


@dataclass(frozen=True, slots=True)
class Recording:
    file: Path
    text: str


def recordings(folder: Path, transcription: str) -> Iterator[Recording]:
    """The recordings of a folder that a transcription in Sphinx's format is about."""
    for match in _LINE.finditer((folder / transcription).read_text(encoding="utf-8")):
        yield Recording(folder / f"{match['name']}.wav", match["text"].strip())


def measure(folder: Path, transcription: str, listener: Listener) -> list[Comparison]:
    compared = []
    for recording in recordings(folder, transcription):
        recognition = listener.hear_file(recording.file)
        heard = text_of(recognition)
        compared.append(compare(english.words(recording.text), english.word_readings(heard)))
        print(f"{recording.file.stem}: {compared[-1].errors} of {compared[-1].length}, {recognition.language}")
        print(f"    {recording.text}\n    {heard}", flush=True)
    return compared


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--cache-dir", type=Path, default=Path("data/models"))
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        listener = Listener(options.cache_dir, Path(scratch))
        found = {name: measure(options.folder / name, file, listener) for name, file in SETS.items()}
    for name, compared in found.items():
        print(f"{name}: {rate(compared):.1%} of {sum(each.length for each in compared)} words")


if __name__ == "__main__":
    main()
