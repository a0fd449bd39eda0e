"""What can be asked of the ledger, beside `Reservation`, `Recharge`, `Adjust`, `RedeemCard` and `UseInvite`."""

from __future__ import annotations

from enum import Enum, auto
from typing import TypeAlias

from kit.values import value
from services.billing.domain.adjustments import Adjust
from services.billing.domain.cards import RedeemCard
from services.billing.domain.holds import Reservation
from services.billing.domain.invites import UseInvite
from services.billing.domain.ledger import Recharge


class TaskOutcome(Enum):
    """How a task ended."""

    SUCCEEDED = auto()
    NOT_DONE = auto()


class Settlement(Enum):
    """What the end of a task, or of a hold's time, did to the hold."""

    SETTLED = auto()
    # It was settled so before, or the same end was told before.
    REPEATED = auto()
    # There was no hold; now a tombstone keeps one from being made.
    BURIED = auto()
    # The hold had been settled the other way.
    CONTRADICTED = auto()


@value
class Capture:
    """Takes held credits, all of them when None; what is above the amount goes back."""

    hold_id: str
    credits: int | None = None


@value
class Release:
    """Gives held credits back."""

    hold_id: str


@value
class ExpireHold:
    """Gives held credits back if the time of the hold is over and nobody has settled it."""

    hold_id: str


@value
class EndTask:
    """Captures or releases the hold of a task that has ended. `event_id` tells a repeated event from a new one."""

    event_id: str
    task_id: str
    user_id: int
    outcome: TaskOutcome


@value
class ExpireCredits:
    """Takes the credits of a user whose time is over. Every command does so for its users first; this does no more."""

    user_id: int


Command: TypeAlias = (
    Reservation | Capture | Release | ExpireHold | EndTask | Recharge | Adjust | RedeemCard | UseInvite | ExpireCredits
)


def check(command: Command) -> None:
    """Raises what no state of the ledger makes right: Invalid, naming the field, and NotFound for no code at all."""
    match command:
        case Reservation() | Recharge() | Adjust() | RedeemCard() | UseInvite():
            command.check()
        case Capture() | Release() | ExpireHold() | EndTask() | ExpireCredits():
            # Ids that nothing has are found to be so.
            pass
