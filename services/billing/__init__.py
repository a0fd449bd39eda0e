"""Credits of users: balances, holds, prices, and the entries that explain every change.

Invariants: available and held credits are never negative; a hold is settled exactly once, whatever is repeated
or crashes; an entry never changes after it was written, and a user's entries chain (what is before one entry is
what was after the one before); every change leaves its entry and its event in the same transaction.
"""
