"""What each endpoint of the dubbing dialect does, one module per noun. Handlers answer the `data` of the envelope."""
