"""What administrators change is audited, and what the audit says of it can be read from its events."""

from __future__ import annotations

import re

from google.protobuf.descriptor_pb2 import MethodOptions

from kit.rpc.policy import rule_for
from services.auth.store.tables import AUDIT_RECORDS
from services.auth.workers.audit_sources import BY_MESSAGE, DEEDS, LABELS
from tests.architecture.test_contracts import METHODS
from voxreel.common.v1 import method_policy_pb2 as policy

_SECRET = re.compile(r"password|token|code|secret|hash", re.IGNORECASE)


def _changes(path: str) -> bool:
    options: MethodOptions = METHODS[path].GetOptions()
    return options.idempotency_level != MethodOptions.NO_SIDE_EFFECTS


def test_every_method_by_which_administrators_change_something_is_audited() -> None:
    changing = {path for path in METHODS if rule_for(path).access == policy.ACCESS_ADMIN and _changes(path)}
    assert len(changing) >= 15
    told = {f"/{deed.method}" for deed in DEEDS}
    assert told >= changing, f"no audited event: {changing - told}"
    assert told <= METHODS.keys()
    assert all(_changes(path) for path in told)


def test_each_deed_can_be_read_from_its_event() -> None:
    assert len(BY_MESSAGE) == len(LABELS) == len(DEEDS)
    for deed in DEEDS:
        fields = set(deed.message.DESCRIPTOR.fields_by_name)
        assert "operator_user_id" in fields
        assert not deed.target or deed.target in fields
        # Of an empty event, so that every field that is named is looked up.
        facts = [*deed.before(deed.message()), *deed.after(deed.message())]
        assert len(deed.action) <= AUDIT_RECORDS.c.action.type.length
        assert deed.label
        assert not any(_SECRET.search(name) for name in facts), "the audit keeps no secrets"
