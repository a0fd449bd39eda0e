"""What a render accepts. Plain values."""
