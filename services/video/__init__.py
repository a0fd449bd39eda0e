"""Video: lip-synced renders and chroma key, their tasks and their engines.

This version has no engine yet: the service tells so, answers its limits, and keeps the task table that renders
will live in.
"""
