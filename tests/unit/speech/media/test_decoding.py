"""Sound out of files, and what is refused. Runs in this process; the walls around it are `test_decoder`'s."""

from __future__ import annotations

import socket
from pathlib import Path

import numpy as np
import pytest

from kit.engines import InputRefused
from services.speech.domain.sources import RECOGNIZABLE
from services.speech.dsp.pitch import median_pitch
from services.speech.media.decoding import decode
from services.speech.media.sound import Sound, SoundOrder
from tests.fakes.media import KINDS, MediaKind, bare_pcm, make_media, tone
from tests.fakes.speex import speex
from voxreel.common.v1 import error_reason_pb2 as reasons

SECOND = SoundOrder(max_duration_s=2)


def heard(content: bytes, folder: Path, name: str = "media.wav", order: SoundOrder = SECOND) -> Sound:
    source = folder / name
    source.write_bytes(content)
    return decode(None, source, folder / "samples", order)


def refusal(content: bytes, folder: Path, name: str = "media.wav", order: SoundOrder = SECOND) -> InputRefused:
    with pytest.raises(InputRefused) as refused:
        heard(content, folder, name, order)
    return refused.value


def frequency_of(sound: Sound) -> float:
    spectrum = np.abs(np.fft.rfft(sound.samples()))
    return float(spectrum.argmax() * sound.sample_rate / sound.sample_count)


def test_every_documented_format_is_among_the_files_made_here() -> None:
    assert {*KINDS, "pcm", "speex"} == set(RECOGNIZABLE)


@pytest.mark.parametrize("extension", KINDS)
def test_every_format_is_heard(extension: str, tmp_path: Path) -> None:
    sound = heard(make_media(KINDS[extension]), tmp_path, f"media.{extension}")
    assert sound.duration_ms == pytest.approx(1000, abs=120)  # codecs pad to whole frames
    assert frequency_of(sound) == pytest.approx(440, abs=5)
    assert 0.2 < float(np.abs(sound.samples()).max()) < 0.6


def test_bare_samples_are_what_recognisers_take_for_them(tmp_path: Path) -> None:
    sound = heard(bare_pcm(tone(16_000)), tmp_path, "media.pcm")
    assert (sound.duration_ms, round(frequency_of(sound))) == (1000, 440)


@pytest.mark.parametrize("hertz", [100, 200])
def test_speex(hertz: int, tmp_path: Path) -> None:
    sound = heard(speex(frequency=hertz), tmp_path, "media.speex")
    assert (sound.duration_ms, sound.source_rate) == (1000, 8000)
    assert median_pitch(sound.samples(), sound.sample_rate) == pytest.approx(hertz, abs=1)


def test_the_content_counts_and_not_the_name(tmp_path: Path) -> None:
    assert heard(make_media(KINDS["mp4"]), tmp_path, "media.wav").duration_ms > 900


def test_another_rate_is_made_on_request(tmp_path: Path) -> None:
    sound = heard(make_media(KINDS["wav"]), tmp_path, order=SoundOrder(sample_rate=24_000, max_duration_s=2))
    assert (sound.sample_rate, sound.sample_count) == (24_000, 24_000)


def test_what_is_louder_than_full_scale_is_cut_and_nonsense_is_silence(tmp_path: Path) -> None:
    wild = np.array([5.0, -5.0, np.nan, np.inf] * 4000, dtype=np.float32)
    samples = heard(make_media(MediaKind("wav", "pcm_f32le"), wild), tmp_path).samples()
    assert np.isfinite(samples).all() and float(np.abs(samples).max()) == 1.0


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(b"just text, called a sound" * 40, id="text"),
        pytest.param(make_media(KINDS["mp4"])[:200], id="a head without a body"),
        pytest.param(b"\xff\xd8\xff\xe0" + bytes(1000), id="a picture"),
        pytest.param(bytes(4096), id="zeros"),
    ],
)
def test_what_is_no_media_is_broken(content: bytes, tmp_path: Path) -> None:
    assert refusal(content, tmp_path).reason == reasons.ERROR_REASON_MEDIA_BROKEN


def test_a_file_cut_off_is_heard_as_far_as_it_goes(tmp_path: Path) -> None:
    whole = make_media(KINDS["mp3"])
    assert 300 < heard(whole[: len(whole) // 2], tmp_path).duration_ms < 700


def test_a_video_without_sound(tmp_path: Path) -> None:
    silent = MediaKind("mp4", video_codec="libx264")
    assert refusal(make_media(silent), tmp_path, "media.mp4").reason == reasons.ERROR_REASON_AUDIO_TRACK_MISSING


@pytest.mark.parametrize("content", [b"", make_media(KINDS["wav"], tone(16_000, duration_s=0))], ids=["file", "track"])
def test_nothing_to_hear(content: bytes, tmp_path: Path) -> None:
    assert refusal(content, tmp_path).reason == reasons.ERROR_REASON_AUDIO_EMPTY


def test_too_long(tmp_path: Path) -> None:
    refused = refusal(make_media(KINDS["wav"]), tmp_path, order=SoundOrder(max_duration_s=0.5))
    assert refused.reason == reasons.ERROR_REASON_AUDIO_TOO_LONG and "0.5 秒" in refused.message_zh
    assert (tmp_path / "samples").stat().st_size <= 0.5 * 16_000 * 4


def test_every_refusal_has_its_own_words() -> None:
    from services.speech.media import refusals

    made = [refusals.no_audio_track(), refusals.broken_media(), refusals.empty_sound(), refusals.sound_too_long(60)]
    assert len({each.message_zh for each in made}) == len({each.reason for each in made}) == 4


def playlists(target: str) -> dict[str, bytes]:
    return {
        "m3u8": f"#EXTM3U\n#EXT-X-TARGETDURATION:9\n#EXTINF:9,\n{target}\n#EXT-X-ENDLIST\n".encode(),
        "concat": f"ffconcat version 1.0\nfile '{target}'\n".encode(),
        "sdp": f"v=0\no=- 0 0 IN IP4 127.0.0.1\ns=x\nc=IN IP4 {target}\nm=audio 9 RTP/AVP 0\n".encode(),
        "mpd": f"<MPD xmlns='urn:mpeg:dash:schema:mpd:2011'><BaseURL>{target}</BaseURL></MPD>".encode(),
    }


@pytest.mark.parametrize("kind", playlists(""))
@pytest.mark.parametrize("extension", ["wav", "mp4", "mkv"])
def test_what_refers_to_another_file_reads_none(kind: str, extension: str, tmp_path: Path) -> None:
    other = tmp_path / "other.wav"
    other.write_bytes(make_media(KINDS["wav"]))
    for target in (str(other), f"file://{other}"):
        refused = refusal(playlists(target)[kind], tmp_path, f"media.{extension}")
        assert refused.reason == reasons.ERROR_REASON_MEDIA_BROKEN
        (tmp_path / "samples").unlink()


def test_what_refers_to_an_address_asks_nobody(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(0.2)
        address = f"http://127.0.0.1:{server.getsockname()[1]}/a.wav"
        refusal(playlists(address)["m3u8"], tmp_path)
        with pytest.raises(TimeoutError):
            server.accept()
