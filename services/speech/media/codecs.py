"""What of FFmpeg may touch a file of a stranger: the demuxers and audio decoders of the documented formats, and of
what phones and computers record in.

Left out on purpose: whatever reads a second file or an address (playlists, concat, image sequences, devices), and the
decoders of pictures, which nobody looks at here.
"""

from __future__ import annotations

DEMUXERS = (
    *("aac", "amr", "asf", "avi", "flac", "flv", "matroska", "mov", "mp3", "ogg", "wav"),
    *("aiff", "amrnb", "amrwb", "au", "caf", "w64"),
)

# The codecs found in those containers.
_PCM = (
    *("pcm_u8", "pcm_s8", "pcm_s16le", "pcm_s16be", "pcm_s24le", "pcm_s24be", "pcm_s32le", "pcm_s32be"),
    *("pcm_f32le", "pcm_f32be", "pcm_f64le", "pcm_alaw", "pcm_mulaw"),
)
_ADPCM = ("adpcm_ima_qt", "adpcm_ima_wav", "adpcm_ms", "adpcm_swf", "gsm_ms", "libgsm_ms")
_MPEG = ("aac", "aac_latm", "mp1float", "mp2float", "mp3float", "mp1", "mp2", "mp3", "ac3", "eac3", "dca")
_FREE = ("alac", "flac", "libopus", "opus", "libvorbis", "vorbis", "libspeex", "speex")
_TELEPHONE = ("amrnb", "amrwb", "libopencore_amrnb", "libopencore_amrwb", "nellymoser")
_WINDOWS = ("wmalossless", "wmapro", "wmav1", "wmav2", "wmavoice")
DECODERS = frozenset((*_PCM, *_ADPCM, *_MPEG, *_FREE, *_TELEPHONE, *_WINDOWS))

CONTAINER_OPTIONS = {
    "format_whitelist": ",".join(DEMUXERS),
    "codec_whitelist": ",".join(sorted(DECODERS)),
    # Bytes come from a file object; a nested address has no protocol to be opened with.
    "protocol_whitelist": "none",
}

# Samples without any header say nothing of themselves; this is what recognisers take by the same name.
BARE_PCM = "pcm"
BARE_PCM_DEMUXER = "s16le"
BARE_PCM_OPTIONS = {
    "format_whitelist": BARE_PCM_DEMUXER,
    "protocol_whitelist": "none",
    "sample_rate": "16000",
    "ch_layout": "mono",
}
