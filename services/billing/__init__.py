"""Credits of users: balances, holds, cards, prices, and the journal that explains every change.

Invariants: available and held credits are never negative; a hold is settled and a card redeemed exactly once,
whatever is repeated or crashes; a transaction never changes after it was written, its postings sum to zero, and its
hash covers everything before it; balances are what the journal says; every change leaves its event in the same
database transaction.
"""
