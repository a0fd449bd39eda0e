"""Dialect B: replies in an envelope {"code": …, "message": …, "data": …}, errors with null for data."""
