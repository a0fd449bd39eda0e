"""Users, their passwords and their tokens.

Owns who may use the platform. Invariants: an account name is unique without regard to case; a password is known
only as an argon2id hash, a refresh token only as its SHA-256; after a password change no token from before it
gets a new access token; every change leaves its event in the same transaction.
"""
