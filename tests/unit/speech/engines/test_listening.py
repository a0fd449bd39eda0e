"""Recordings are heard in a process of their own, which takes nobody along."""

import os
import signal
from pathlib import Path

import numpy as np
import pytest

from kit.content_label import ContentLabel
from services.speech.dsp.encoding import encode_mp3
from services.speech.engines import listening
from services.speech.engines.listening import GuardedListener, HeardSample, NotAudio, open_listener_pool

RATE = 24_000


def die(_tool: None, _file: Path) -> HeardSample:
    """A decoder that crashes."""
    os.kill(os.getpid(), signal.SIGSEGV)
    raise AssertionError


async def test_a_recording_is_heard(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tone = np.sin(np.arange(RATE * 2) * 2 * np.pi * 150 / RATE).astype(np.float32) / 2
    sample, text = tmp_path / "sample", tmp_path / "text"
    sample.write_bytes(encode_mp3(tone, RATE, ContentLabel("test", "1")))
    text.write_text("no sound")
    async with open_listener_pool() as pool:
        listener = GuardedListener(pool)
        heard = await listener.hear(sample, timeout_s=60)
        assert heard.duration_ms == pytest.approx(2000, abs=80)
        assert heard.pitch_hz == pytest.approx(150, rel=0.02)
        with pytest.raises(NotAudio):
            await listener.hear(text, timeout_s=60)
        monkeypatch.setattr(listening, "hear", die)
        with pytest.raises(NotAudio):
            await listener.hear(sample, timeout_s=60)
