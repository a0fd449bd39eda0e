"""What a file is and which uploads are accepted. Plain values and functions."""
