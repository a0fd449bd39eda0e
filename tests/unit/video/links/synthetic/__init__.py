"""Synthetic pages, made up from the known shapes of each platform. None of them was ever sent by a platform."""
