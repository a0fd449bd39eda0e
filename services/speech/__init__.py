"""Speech: text to speech, its tasks, its voices and its engines.

Invariants: nothing is queued before its credits are held; a refused request holds nothing; a request id of a user
names one task; the task's row is the truth and messages only wake workers.
"""
