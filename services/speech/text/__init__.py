"""From what a client wrote to what can be pronounced: cleaning, sentences, normalisation, language runs.

Pure functions on strings; every one runs in time linear in its input.
"""
