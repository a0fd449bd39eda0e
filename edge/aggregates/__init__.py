"""Reads that need several services."""
