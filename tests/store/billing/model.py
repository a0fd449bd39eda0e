"""A ledger small enough to be believed. It says whether a command is allowed, and what everybody has after it."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from services.billing.domain.adjustments import AdjustmentOperation
from services.billing.domain.commands import Settlement, TaskOutcome
from services.billing.domain.holds import HoldState

# A step names tasks; the hold of a task is known only when its group runs.
Step = tuple[Any, ...]

CARD_CREDITS = 8
CARD_LIFE = timedelta(days=40)
INVITE_CREDITS = 30
INVITE_LIFE = timedelta(days=400)
HOLD_LIFE = timedelta(days=7)
CARDS = tuple(letter * 16 for letter in "ABCDE")
INVITES = tuple(f"{letter * 4}-{letter * 4}" for letter in "ABCDE")
WRONG_CARD, WRONG_INVITE = "Z" * 16, "ZZZZ-ZZZZ"
WRONG_CODES = 10
WRONG_WINDOW = timedelta(minutes=10)


@dataclass
class ModelHold:
    user: int
    credits: int
    state: HoldState
    opened: datetime


@dataclass
class ModelAccount:
    available: int = 0
    expire_time: datetime | None = None
    expired_time: datetime | None = None
    wrong_codes: int = 0
    guessed_since: datetime | None = None


@dataclass
class Model:
    """What a ledger should say at a time that others move."""

    now: datetime
    users: tuple[int, ...]
    born: datetime = field(init=False)
    accounts: dict[int, ModelAccount] = field(init=False)
    holds: dict[str, ModelHold] = field(default_factory=dict)
    requests: dict[str, Step] = field(default_factory=dict)
    events: set[str] = field(default_factory=set)
    codes_of_requests: dict[tuple[str, int, str], str] = field(default_factory=dict)
    withdrawn: set[str] = field(default_factory=set)
    frozen: set[int] = field(default_factory=set)

    def __post_init__(self) -> None:
        self.born = self.now
        self.accounts = {user: ModelAccount() for user in self.users}

    def held(self, user: int) -> int:
        return sum(hold.credits for hold in self.holds.values() if hold.user == user and hold.state is HoldState.OPEN)

    def is_at_the_door(self, step: Step) -> bool:
        """Whether a frozen user asks for it, so that it never gets as far as the ledger."""
        return step[0] in ("reserve", "redeem", "use") and step[2] in self.frozen

    def let_expire(self) -> None:
        for account in self.accounts.values():
            if account.expire_time is not None and account.expire_time <= self.now:
                account.available = 0
                account.expire_time, account.expired_time = None, account.expire_time

    def expected(self, step: Step) -> bool | Settlement:
        """Refused, allowed, or what is done."""
        self.let_expire()
        if self.is_at_the_door(step):
            return False
        match step:
            case ("recharge" | "adjust", key, *_):
                return self._once(f"{step[0]}:{key}", step)
            case ("redeem" | "use", request, user, code):
                return self._claim(step[0], request, user, code=code)
            case ("reserve", task, user, credits):
                return self._reserve(task, user, credits)
            case ("capture", task, credits):
                return self._settle(task, HoldState.CAPTURED, credits)
            case ("release", task):
                return self._settle(task, HoldState.RELEASED, None)
            case ("expire", task):
                return self.expire_hold(task)
            case ("end", event, task, user, outcome):
                state = HoldState.CAPTURED if outcome is TaskOutcome.SUCCEEDED else HoldState.RELEASED
                return self._end_task(event, task, user, state=state)
        raise AssertionError(step)

    def expire_hold(self, task: str) -> bool | Settlement:
        hold = self.holds.get(task)
        if hold is None:
            return False
        if hold.state is not HoldState.OPEN or hold.opened + HOLD_LIFE > self.now:
            return Settlement.REPEATED
        self._settle(task, HoldState.RELEASED, None)
        return Settlement.SETTLED

    def _once(self, key: str, step: Step) -> bool:
        if key in self.requests:
            return self.requests[key] == step
        if step[0] == "recharge":
            _, _, user, credits, days = step
            self.accounts[user].available += credits
            self._prolong(user, days)
        else:
            _, _, user, operation, credits = step
            available = self.accounts[user].available
            after = {
                AdjustmentOperation.ADD: available + credits,
                AdjustmentOperation.SUBTRACT: available - credits,
                AdjustmentOperation.SET: credits,
            }[operation]
            if after < 0:
                return False
            self.accounts[user].available = after
        self.requests[key] = step
        return True

    def _prolong(self, user: int, days: int | None) -> None:
        if days is None:
            return
        account, until = self.accounts[user], self.now + timedelta(days=days)
        account.expire_time = until if account.expire_time is None else max(account.expire_time, until)

    def _claim(self, kind: str, request: str, user: int, *, code: str) -> bool:
        known = self.codes_of_requests.get((kind, user, request))
        if known is not None:
            return known == code
        account, window = self.accounts[user], self.now - WRONG_WINDOW
        is_old = account.guessed_since is None or account.guessed_since <= window
        if account.wrong_codes >= WRONG_CODES and not is_old:
            return False
        if code not in (*CARDS, *INVITES) or f"deleted {code}" in self.withdrawn:
            account.guessed_since = self.now if is_old else account.guessed_since
            account.wrong_codes = 1 if is_old else account.wrong_codes + 1
            return False
        life = CARD_LIFE if kind == "redeem" else INVITE_LIFE
        is_free = code not in self.codes_of_requests.values() and f"disabled {code}" not in self.withdrawn
        if not is_free or self.now >= self.born + life:
            return False
        self.codes_of_requests[kind, user, request] = code
        account.available += CARD_CREDITS if kind == "redeem" else INVITE_CREDITS
        self._prolong(user, None if kind == "redeem" else 365)
        return True

    def _reserve(self, task: str, user: int, credits: int) -> bool:
        hold = self.holds.get(task)
        if hold is not None:
            return (hold.user, hold.credits) == (user, credits) and hold.state is not HoldState.RELEASED
        if self.accounts[user].available < credits:
            return False
        self.accounts[user].available -= credits
        self.holds[task] = ModelHold(user, credits, HoldState.OPEN, self.now)
        return True

    def _settle(self, task: str, state: HoldState, captured: int | None) -> bool:
        hold = self.holds.get(task)
        if hold is None:
            return False
        if hold.state is not HoldState.OPEN:
            return hold.state is state
        if captured is not None and captured > hold.credits:
            return False
        kept = (hold.credits if captured is None else captured) if state is HoldState.CAPTURED else 0
        hold.state, account = state, self.accounts[hold.user]
        # What had expired while it was held is gone as soon as it comes back.
        if account.expired_time is None or hold.opened >= account.expired_time:
            account.available += hold.credits - kept
        return True

    def _end_task(self, event: str, task: str, user: int, *, state: HoldState) -> Settlement:
        if event in self.events:
            return Settlement.REPEATED
        self.events.add(event)
        if task not in self.holds:
            self.holds[task] = ModelHold(user, 0, HoldState.RELEASED, self.now)
            return Settlement.BURIED
        was_open = self.holds[task].state is HoldState.OPEN
        if not self._settle(task, state, None):
            return Settlement.CONTRADICTED
        return Settlement.SETTLED if was_open else Settlement.REPEATED
