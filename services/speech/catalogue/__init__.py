"""The public catalogue of voices."""
