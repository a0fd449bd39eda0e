"""Intelligibility: sentences are spoken by every voice, and the platform's own recogniser writes down what it hears.

Method. The sentences (`bench/speech/sentences/`) are ours: figures, dates, money, names, questions, long and short
ones; how each has to be read is written by hand beside it. Every voice speaks those of its language, in one process and
on one thread, as a client gets them without compression. The recogniser (Whisper base, int8) is told neither text nor
language. Both sides are reduced to what can be heard (`bench/speech/comparison.py`); an error is a character to be
inserted, deleted or exchanged, of all characters that had to be read. The recogniser's own errors count, so a figure is
an upper bound of the voice's. Of Mandarin a second figure counts syllables with their tones: what is written with
another character of the same sound is then right.

`--varied` speaks at half and twice the rate and at 0.7 and 1.4 of the pitch instead. Results are written to a JSON file
after each sentence, and a run that was stopped goes on where it was; `--again` speaks everything anew and hears what
sounds different. `--report` only prints the tables.

    python -m bench.speech.round_trips [--results FILE] [--voice ID ...] [--varied] [--every N] [--again] [--report]
"""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import cache, partial
from itertools import zip_longest
from pathlib import Path

from bench.speech import chinese, english
from bench.speech.comparison import Comparison, compare, rate
from bench.speech.ledger import PLAIN, VARIED, Condition, Ledger, Outcome, Trip
from bench.speech.sentences import Sentence, misheard, sentences
from bench.speech.studio import Studio
from services.speech.engines.base import Language, Voice
from services.speech.engines.kokoro.catalog import voices

RESULTS = Path("data/bench/round-trips.json")
TARGETS = {Language.CHINESE: 0.08, Language.ENGLISH: 0.03}
_WORST = 0.1
_STARTS = (0, 4, 2, 6, 1, 5, 3, 7)


@dataclass(frozen=True, slots=True)
class Heard:
    """A sentence as one voice spoke it in one way, and what came back."""

    trip: Trip
    sentence: Sentence
    language: Language
    outcome: Outcome

    @property
    def characters(self) -> Comparison:
        return misheard(self.sentence, self.outcome.heard, self.language)

    @property
    def sounds(self) -> Comparison:
        """In Mandarin tonal syllables, in English words."""
        if self.language is Language.CHINESE:
            return compare(chinese.syllables(self.sentence.reading), chinese.syllable_readings(self.outcome.heard))
        return compare(english.words(self.sentence.reading), english.word_readings(self.outcome.heard))


def plan(chosen: Sequence[Voice], conditions: Sequence[Condition], *, every: int) -> Iterator[tuple[Trip, Sentence]]:
    """All voices on a sentence before the next, and kinds of sentences mixed: a run that is stopped has compared the
    same ones, of every kind."""
    rows = zip_longest(*(_mixed(sentences(language)[::every]) for language in Language))
    for language, sentence in (each for row in rows for each in zip(Language, row, strict=True)):
        if sentence is not None:
            for condition in conditions:
                for voice in (each for each in chosen if each.language is language):
                    yield Trip(voice.voice_id, condition, sentence.text), sentence


def _mixed(ordered: Sequence[Sentence]) -> list[Sentence]:
    return [each for start in _STARTS for each in ordered[start :: len(_STARTS)]]


def run(trips: Sequence[Trip], ledger: Ledger, *, cache_dir: Path, jobs: int) -> None:
    with tempfile.TemporaryDirectory() as folder, ProcessPoolExecutor(jobs) as workers:
        travel = partial(_travel, cache_dir, Path(folder))
        outcomes = workers.map(travel, trips, [ledger.find(trip) for trip in trips])
        for number, (trip, outcome) in enumerate(zip(trips, outcomes, strict=True), 1):
            ledger.keep(trip, outcome)
            print(f"{number}/{len(trips)} {trip.key}\n    {outcome.heard}", flush=True)


def _travel(cache_dir: Path, folder: Path, trip: Trip, before: Outcome | None) -> Outcome:
    return _studio(cache_dir, folder).travel(trip, before)


@cache
def _studio(cache_dir: Path, folder: Path) -> Studio:
    """One for each process."""
    return Studio(cache_dir, folder)


def report(heard: Sequence[Heard], *, worst: float) -> Iterator[str]:
    """A table of voices for each language, what the rates and pitches cost, and the sentences that went wrong."""
    for language in Language:
        own = [each for each in heard if each.language is language]
        if own:
            yield from _table(own, language)
    for each in sorted(heard, key=lambda each: (each.sentence.text, each.trip.key)):
        counted = each.characters
        if counted.errors > worst * counted.length:
            yield f"{each.trip.voice}, {each.trip.condition}: {counted.errors} of {counted.length}"
            yield f"    {each.sentence.text}\n    {each.outcome.heard}"


def _table(own: Sequence[Heard], language: Language) -> Iterator[str]:
    conditions = [each for each in (PLAIN, *VARIED) if any(heard.trip.condition == each for heard in own)]
    sounds = "syllables" if language is Language.CHINESE else "words"
    yield f"| {language} | " + " | ".join(map(str, conditions)) + f" | {sounds}, plain |"
    yield "| --- |" + " ---: |" * (len(conditions) + 1)
    for name in [*dict.fromkeys(each.trip.voice for each in own), "all"]:
        of_voice = [each for each in own if name in (each.trip.voice, "all")]
        cells = [_cell(of_voice, condition) for condition in conditions]
        plain = [each for each in of_voice if each.trip.condition == PLAIN]
        cells.append(f"{rate(each.sounds for each in plain):.1%}")
        yield f"| {name} | " + " | ".join(cells) + " |"
    loads = [each.outcome.load for each in own]
    yield f"target {TARGETS[language]:.0%}; load average {min(loads)} to {max(loads)}\n"


def _cell(of_voice: Sequence[Heard], condition: Condition) -> str:
    """The rate; of another way of speaking also what it costs, on the sentences that were spoken plainly, too."""
    said = {(each.trip.voice, each.trip.text): each for each in of_voice if each.trip.condition == condition}
    plainly = {(each.trip.voice, each.trip.text): each for each in of_voice if each.trip.condition == PLAIN}
    if not said:
        return ""
    own = rate(each.characters for each in said.values())
    both = said.keys() & plainly.keys()
    if condition == PLAIN or not both:
        return f"{own:.1%} ({len(said)})"
    cost = rate(said[each].characters for each in both) - rate(plainly[each].characters for each in both)
    return f"{own:.1%} ({len(said)}; {100 * cost:+.1f} points)"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cache-dir", type=Path, default=Path("data/models"))
    parser.add_argument("--results", type=Path, default=RESULTS)
    parser.add_argument("--voice", nargs="+", help="preset voices; all if omitted")
    parser.add_argument("--varied", action="store_true", help="at other rates and pitches")
    parser.add_argument("--every", type=int, default=1, help="of the sentences only every so many")
    parser.add_argument("--again", action="store_true", help="speak again what has been spoken")
    parser.add_argument("--report", action="store_true", help="only print what is there")
    parser.add_argument("--worst", type=float, default=_WORST, help="list sentences with more errors than this share")
    parser.add_argument("--jobs", type=int, default=1)
    options = parser.parse_args()
    chosen = [voice for voice in voices() if not options.voice or voice.voice_id in options.voice]
    planned = dict(plan(chosen, VARIED if options.varied else (PLAIN,), every=options.every))
    ledger = Ledger(options.results)
    if options.report:
        planned = dict(plan(chosen, (PLAIN, *VARIED), every=1))
    else:
        open_trips = [trip for trip in planned if options.again or ledger.find(trip) is None]
        run(open_trips, ledger, cache_dir=options.cache_dir, jobs=options.jobs)
    language_of = {voice.voice_id: voice.language for voice in chosen}
    heard = [
        Heard(trip, sentence, language_of[trip.voice], outcome)
        for trip, sentence in planned.items()
        if (outcome := ledger.find(trip)) is not None
    ]
    for line in report(heard, worst=options.worst):
        print(line)


if __name__ == "__main__":
    main()
