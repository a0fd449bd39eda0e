"""Dubbing by the preset voices of text to speech, with emotions imitated through prosody."""
