"""Video: lip-synced renders and chroma key, links to videos elsewhere, and the engines for them.

Without an engine a capability is refused before anything is recorded or paid; the service tells so.
"""
