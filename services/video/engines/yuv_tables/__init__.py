"""Replaces the screen behind people: integer tables over the planes as decoders give them."""
