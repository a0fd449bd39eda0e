"""The billing database. Rows never leave this folder."""
