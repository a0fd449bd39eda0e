"""Results beside the bench, written after each one, so that a run that was stopped goes on where it was."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Condition:
    """How sentences are spoken; 1 is as the voice speaks."""

    speech_rate: float = 1.0
    pitch_rate: float = 1.0

    def __str__(self) -> str:
        if self == PLAIN:
            return "plain"
        changes = (("rate", self.speech_rate), ("pitch", self.pitch_rate))
        return ", ".join(f"{name} {value:g}" for name, value in changes if value != 1.0)


PLAIN = Condition()
VARIED = (Condition(0.5), Condition(2.0), Condition(1.0, 0.7), Condition(1.0, 1.4))


@dataclass(frozen=True, slots=True)
class Trip:
    """One sentence, by one voice, in one way: there and back."""

    voice: str
    condition: Condition
    text: str

    @property
    def key(self) -> str:
        return f"{self.voice} | {self.condition} | {self.text}"


@dataclass(frozen=True, slots=True)
class Outcome:
    """`heard` as the recogniser writes it; `sound` is the digest of the samples; `load` the machine's load average."""

    heard: str
    language: str
    sound: str
    audio_s: float
    speaking_s: float
    hearing_s: float
    load: float


class Ledger:
    """A JSON file of outcomes by trip. Not for several processes at once."""

    def __init__(self, file: Path) -> None:
        self._file = file
        stored = json.loads(file.read_text(encoding="utf-8")) if file.exists() else {}
        self._outcomes = {key: Outcome(**fields) for key, fields in stored.items()}

    def find(self, trip: Trip) -> Outcome | None:
        return self._outcomes.get(trip.key)

    def keep(self, trip: Trip, outcome: Outcome) -> None:
        """On the disk when this returns, whatever ends the process."""
        self._outcomes[trip.key] = outcome
        self._file.parent.mkdir(parents=True, exist_ok=True)
        draft = self._file.with_suffix(".draft")
        stored = {key: asdict(each) for key, each in self._outcomes.items()}
        draft.write_text(json.dumps(stored, ensure_ascii=False, indent=1), encoding="utf-8")
        draft.replace(self._file)
