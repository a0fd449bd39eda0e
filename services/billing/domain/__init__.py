"""Rules about balances, holds, entries and prices. Pure."""
