"""Voices learnt by search: styles of the Kokoro model that a speaker encoder cannot tell from a sample."""
