"""Signal processing on speech: float32 mono arrays in, float32 mono arrays out, until the final encoding.

Everything here is CPU work and belongs in a worker process or thread.
"""
