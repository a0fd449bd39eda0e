"""Changes that administrators make to what a user can spend."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from kit.values import value
from services.billing.domain.errors import balance_too_low, field_invalid
from services.billing.domain.fingerprint import fingerprint
from services.billing.domain.ledger import Entry
from services.billing.domain.limits import CREDITS_LIMIT, check_description, check_request_id


class AdjustmentOperation(StrEnum):
    """What is done. The values are stored."""

    ADD = "add"
    SUBTRACT = "subtract"
    SET = "set"


@value
class Adjust:
    """An administrator wants another balance. What is held is out of reach."""

    request_id: str
    operator_user_id: int
    user_id: int
    operation: AdjustmentOperation
    credits: int
    description: str

    def check(self) -> None:
        """Raises Invalid, naming the field."""
        check_request_id(self.request_id)
        check_description(self.description)
        least = 0 if self.operation is AdjustmentOperation.SET else 1
        if not least <= self.credits < CREDITS_LIMIT:
            raise field_invalid("credits", f"积分须大于或等于 {least}，且不能超过上限")

    def input_hash(self) -> str:
        """Tells it from another adjustment with the same request id."""
        return fingerprint(self.user_id, self.operation.value, self.credits, self.description)

    def gain(self, available: int) -> int:
        """What the user gains, negative for a loss. Raises Precondition (BALANCE_TOO_LOW)."""
        match self.operation:
            case AdjustmentOperation.ADD:
                return self.credits
            case AdjustmentOperation.SET:
                return self.credits - available
            case AdjustmentOperation.SUBTRACT:
                if self.credits > available:
                    raise balance_too_low(available)
                return -self.credits


@value
class Adjustment:
    """An adjustment that was made. `request_key` is that of its transaction, which does not exist if nothing moved."""

    request_key: str
    user_id: int
    operation: AdjustmentOperation
    credits: int
    description: str
    balance_before: int
    balance_after: int
    create_time: datetime

    def input_hash(self) -> str:
        """That of the request it was made for."""
        return fingerprint(self.user_id, self.operation.value, self.credits, self.description)


@value
class Adjusted:
    """An adjustment, and what its user sees of it; nothing when nothing moved."""

    adjustment: Adjustment
    entry: Entry | None
