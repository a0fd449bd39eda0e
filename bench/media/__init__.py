"""Footage that the benchmarks make themselves, the same on every machine."""
