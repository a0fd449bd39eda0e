"""Keying as arithmetic on planes: no files, no video library."""
