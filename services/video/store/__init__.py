"""Rows. Nothing outside this package sees one."""
