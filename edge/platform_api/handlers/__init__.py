"""What each endpoint of the platform dialect does, one module per noun."""
