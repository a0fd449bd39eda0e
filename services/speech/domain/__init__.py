"""What a synthesis is and which ones are accepted. Plain values and functions."""
