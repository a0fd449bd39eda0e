"""Ways to bring codes to phones."""
