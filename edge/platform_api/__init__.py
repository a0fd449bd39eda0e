"""Dialect A: bare JSON replies, errors as {"detail": …}."""
