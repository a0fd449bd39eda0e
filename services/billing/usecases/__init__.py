"""What billing does, one module per noun."""
