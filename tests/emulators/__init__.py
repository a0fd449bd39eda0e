"""Servers that speak the protocols of providers."""
