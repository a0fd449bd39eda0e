"""Structs as JSON."""

from __future__ import annotations

from typing import Any

import pytest
from google.protobuf.struct_pb2 import Struct

from kit.rpc.structs import plain


@pytest.mark.parametrize(
    "given",
    [
        {},
        {"text": "音频", "empty": "", "none": None, "yes": True, "no": False},
        {"parts": [1, 2.5, None, {"is_last": True}, [], "x"], "nothing": {}},
    ],
)
def test_a_struct_is_what_was_put_in(given: dict[str, Any]) -> None:
    struct = Struct()
    struct.update(given)
    assert plain(struct) == given


def test_whole_numbers_are_integers_and_others_are_not() -> None:
    struct = Struct()
    struct.update({"bytes": 2_621_440, "big": 2**53, "below": -3, "part": 0.25})
    kinds = {name: type(value) for name, value in plain(struct).items()}
    assert kinds == {"bytes": int, "big": int, "below": int, "part": float}
