"""gRPC on both sides: policy from the contract, context, deadlines, rich errors, retries, coalesced calls."""
