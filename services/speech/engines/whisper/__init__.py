"""Speech to text on this machine: Whisper models in CTranslate2's format, run by faster-whisper."""
