"""Rows and queries. Nothing outside this package sees a row."""
