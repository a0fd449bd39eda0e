"""Whose face it is, where it is, and where its points are."""
