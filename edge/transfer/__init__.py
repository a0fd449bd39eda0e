"""The data plane of files: bytes between a client and the blob store."""
