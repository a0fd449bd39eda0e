"""Copies of an embedded installation: everything that cannot be made again, as it was at one moment."""
