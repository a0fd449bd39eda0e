"""Which files recognition and cloning take (platform contract, speech recognition)."""

from __future__ import annotations

AUDIO = ("wav", "mp3", "aac", "m4a", "flac", "pcm", "opus", "speex", "amr")
VIDEO = ("mp4", "avi", "mov", "mkv", "wmv", "flv")
RECOGNIZABLE = (*AUDIO, *VIDEO)
