"""Lip sync without a cloud: face mesh, the voice's curve, and a warp of the mouth. An approximation, and said so."""
