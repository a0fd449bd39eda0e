"""The auth database. Rows never leave this folder."""
