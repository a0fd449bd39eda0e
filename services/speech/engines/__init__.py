"""Speech engines: one protocol per capability, one folder per engine, one table that names them.

An engine is told everything it needs and returns media plus facts. It knows nothing of tasks, credits or
transports.
"""
