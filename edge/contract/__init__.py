"""The contract of both dialects as data."""
