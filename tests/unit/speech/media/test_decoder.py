"""The decoder in its guarded worker."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from kit.engines import EngineBroken, InputRefused
from services.speech.media.decoder import SoundDecoder
from services.speech.media.sound import SoundOrder
from tests.fakes.media import KINDS, make_media, tone

TIMEOUT_S = 30.0


@pytest.fixture
async def decoder() -> AsyncIterator[SoundDecoder]:
    decoder = SoundDecoder(SoundOrder(max_duration_s=2))
    yield decoder
    await decoder.aclose()


async def test_a_worker_hears_one_file_after_another_and_refuses_with_its_reason(
    decoder: SoundDecoder, tmp_path: Path
) -> None:
    source = tmp_path / "media.mp4"
    source.write_bytes(make_media(KINDS["mp4"]))
    sound = await decoder.decode(source, tmp_path / "one", timeout_s=TIMEOUT_S)
    assert len(sound.samples()) == sound.sample_count > 15_000
    short = SoundOrder(max_duration_s=0.5)
    with pytest.raises(InputRefused, match="音频过长"):
        await decoder.decode(source, tmp_path / "two", timeout_s=TIMEOUT_S, order=short)
    larger = SoundOrder(sample_rate=48_000, max_duration_s=30)
    source.write_bytes(make_media(KINDS["wav"], tone(16_000, duration_s=20)))
    with pytest.raises(EngineBroken):  # what no order promised room for
        await decoder.decode(source, tmp_path / "three", timeout_s=TIMEOUT_S, order=larger)
    assert (tmp_path / "three").stat().st_size <= 2 * 16_000 * 4


async def test_out_of_time(decoder: SoundDecoder, tmp_path: Path) -> None:
    source = tmp_path / "media.wav"
    source.write_bytes(make_media(KINDS["wav"]))
    with pytest.raises(EngineBroken, match="within"):
        await decoder.decode(source, tmp_path / "one", timeout_s=0.01)
