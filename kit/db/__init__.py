"""Databases: SQLite and PostgreSQL behind one small interface, with units of work that cannot await."""
