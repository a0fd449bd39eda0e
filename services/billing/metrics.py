"""What billing counts of its own."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Self

from kit.observability.instruments import CALL_BUCKETS, Counter, Definition, Histogram, Kind, Label
from kit.observability.metrics import Metrics

LEDGER_GROUPS: Final = Definition(
    "voxreel_ledger_groups_total",
    Kind.COUNTER,
    "Groups of commands that were committed.",
    "billing",
    (
        Label(
            "outcome",
            "`together` (in one transaction), `alone` (one by one: there was one, a rival came in between, or one "
            "failed), `refused` (the database is gone or too much waits)",
        ),
    ),
)
LEDGER_COMMANDS: Final = Definition(
    "voxreel_ledger_commands_total", Kind.COUNTER, "Commands in these groups.", "billing"
)
LEDGER_FAILURES: Final = Definition(
    "voxreel_ledger_failed_commands_total",
    Kind.COUNTER,
    "Commands that ended in an error that no rule of the ledger explains: a bug, or a broken journal.",
    "billing",
)
LEDGER_SECONDS: Final = Definition(
    "voxreel_ledger_group_seconds", Kind.HISTOGRAM, "Time a group took to be committed.", "billing", (), CALL_BUCKETS
)
METRICS: Final = (LEDGER_GROUPS, LEDGER_COMMANDS, LEDGER_FAILURES, LEDGER_SECONDS)


@dataclass(frozen=True, slots=True)
class LedgerMeasures:
    """What the writer of the ledger tells."""

    groups: Counter
    commands: Counter
    failures: Counter
    seconds: Histogram

    @classmethod
    def of(cls, metrics: Metrics) -> Self:
        """Those of an app."""
        return cls(
            metrics.counter(LEDGER_GROUPS),
            metrics.counter(LEDGER_COMMANDS),
            metrics.counter(LEDGER_FAILURES),
            metrics.histogram(LEDGER_SECONDS),
        )

    def committed(self, commands: int, outcome: str, seconds: float) -> None:
        """One group of so many commands."""
        self.groups.add(outcome)
        self.commands.add(amount=commands)
        self.seconds.observe(seconds)

    def failed(self) -> None:
        """One command that ended in a way that it should not."""
        self.failures.add()
