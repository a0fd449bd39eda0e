"""Rules about balances, holds, cards, entries and prices. Pure."""
