from __future__ import annotations

import os

import pytest

from services.video.media.threads import codec_threads


@pytest.mark.parametrize(("cores", "threads"), [(1, 1), (2, 2), (8, 8), (64, 8)])
def test_as_many_threads_as_cores_but_not_those_of_a_whole_node(
    cores: int, threads: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "sched_getaffinity", lambda _pid: set(range(cores)), raising=False)
    assert codec_threads() == threads
