"""What auth does, one module per noun."""
