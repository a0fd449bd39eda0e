"""Loops that run beside the server."""
