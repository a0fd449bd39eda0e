"""The gRPC face of auth."""
