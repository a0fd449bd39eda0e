"""The gRPC face of billing."""
