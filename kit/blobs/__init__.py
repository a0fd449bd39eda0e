"""Bytes that are too large for a database: one store for the files service and the edge."""
