"""Files: who owns a file, what it is, where its bytes lie and how long it lives.

Invariants: a file row exists only when its blob is complete; a blob without a row is known to a grant or to the
garbage list, so nothing is lost when a process dies; what a file is comes from its bytes.
"""
